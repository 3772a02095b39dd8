/**
 * How often a page in a frame may act while nobody is there. Each action starts a run of the agent: a page that acts by
 * itself, and again after each answer, would go on all night.
 */

/** Actions without anybody; enough for a page that tells the agent how it goes on. */
const MAX_ALONE = 10;

export interface Attendance {
  /** Takes one action. False: nobody has pressed anything for the last ten of them. */
  take(): boolean;
}

/** `active`: whether the person has pressed something just now, in our page or in a frame of it. */
export function createAttendance(active = () => navigator.userActivation?.isActive ?? true): Attendance {
  let left = MAX_ALONE;
  return {
    take() {
      if (active()) left = MAX_ALONE;
      return left > 0 && left-- > 0;
    },
  };
}
