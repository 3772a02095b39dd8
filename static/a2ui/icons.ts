/** Outlines of the icons that both catalogs name. Fonts would show words where they are missing; outlines cannot. */
import * as mdi from "@mdi/js";
import { html, svg, type TemplateResult } from "lit";

const OUTLINES: ReadonlyMap<string, string> = new Map(Object.entries({
  accountCircle: mdi.mdiAccountCircle,
  add: mdi.mdiPlus,
  arrowBack: mdi.mdiArrowLeft,
  arrowForward: mdi.mdiArrowRight,
  attachFile: mdi.mdiPaperclip,
  calendarToday: mdi.mdiCalendarToday,
  call: mdi.mdiPhone,
  camera: mdi.mdiCamera,
  check: mdi.mdiCheck,
  close: mdi.mdiClose,
  delete: mdi.mdiDelete,
  download: mdi.mdiDownload,
  edit: mdi.mdiPencil,
  event: mdi.mdiCalendar,
  error: mdi.mdiAlertCircle,
  fastForward: mdi.mdiFastForward,
  favorite: mdi.mdiHeart,
  favoriteOff: mdi.mdiHeartOutline,
  folder: mdi.mdiFolder,
  help: mdi.mdiHelpCircle,
  home: mdi.mdiHome,
  info: mdi.mdiInformation,
  locationOn: mdi.mdiMapMarker,
  lock: mdi.mdiLock,
  lockOpen: mdi.mdiLockOpen,
  mail: mdi.mdiEmail,
  menu: mdi.mdiMenu,
  moreVert: mdi.mdiDotsVertical,
  moreHoriz: mdi.mdiDotsHorizontal,
  notificationsOff: mdi.mdiBellOff,
  notifications: mdi.mdiBell,
  pause: mdi.mdiPause,
  payment: mdi.mdiCreditCard,
  person: mdi.mdiAccount,
  phone: mdi.mdiPhone,
  photo: mdi.mdiImage,
  play: mdi.mdiPlay,
  print: mdi.mdiPrinter,
  refresh: mdi.mdiRefresh,
  rewind: mdi.mdiRewind,
  search: mdi.mdiMagnify,
  send: mdi.mdiSend,
  settings: mdi.mdiCog,
  share: mdi.mdiShareVariant,
  shoppingCart: mdi.mdiCart,
  skipNext: mdi.mdiSkipNext,
  skipPrevious: mdi.mdiSkipPrevious,
  star: mdi.mdiStar,
  starHalf: mdi.mdiStarHalfFull,
  starOff: mdi.mdiStarOutline,
  stop: mdi.mdiStop,
  upload: mdi.mdiUpload,
  visibility: mdi.mdiEye,
  visibilityOff: mdi.mdiEyeOff,
  volumeDown: mdi.mdiVolumeMedium,
  volumeMute: mdi.mdiVolumeMute,
  volumeOff: mdi.mdiVolumeOff,
  volumeUp: mdi.mdiVolumeHigh,
  warning: mdi.mdiAlert,
}));

/** Names that our own parts use. */
export const PICTURE = mdi.mdiImageOutline;
export const VIDEO = mdi.mdiPlayCircleOutline;
export const SOUND = mdi.mdiVolumeHigh;

/** An outline in a box of 24. `label`: what it says to who cannot see it; without one it is decoration. */
export function outline(path: string, label?: string): TemplateResult {
  const shape = svg`<path d=${path}></path>`;
  return label === undefined
    ? html`<svg class="oc-icon" viewBox="0 0 24 24" aria-hidden="true">${shape}</svg>`
    : html`<svg class="oc-icon" viewBox="0 0 24 24" role="img" aria-label=${label}>${shape}</svg>`;
}

/** The icon of that name; a name without an icon gets a neutral shape. */
export const icon = (name: string, label?: string): TemplateResult =>
  outline(OUTLINES.get(name) ?? mdi.mdiShapeOutline, label);
