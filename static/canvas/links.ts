/** Links of a framed page that lead elsewhere: the frame may not leave, so the page around it is asked to open them. */

export function followLinks(open: (url: string) => boolean): void {
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    const link = event.composedPath().find((node) => node instanceof HTMLAnchorElement);
    if (!(link instanceof HTMLAnchorElement) || link.hasAttribute("download")) return;
    const elsewhere = link.host !== location.host || link.target === "_blank";
    if (!elsewhere || !/^https?:$/u.test(link.protocol)) return;
    if (open(link.href)) event.preventDefault();
  });
}
