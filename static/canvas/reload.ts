/** Live reload: a socket under the page's own capability; the page loads anew when it says so. */

const FIRST_MS = 500;
const LONGEST_MS = 30_000;
/** An expired capability does not come back: after so many failures in a row nobody tries any more. */
const MOST_FAILURES = 30;

/** `base`: the address of the bridge, beside which the socket is. */
export function reloadOnChange(base: string): void {
  const address = new URL("ws", base);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  let failures = 0;
  const open = (): void => {
    const socket = new WebSocket(address);
    socket.onopen = () => failures = 0;
    socket.onmessage = ({ data }) => {
      if (data === "reload") location.reload();
    };
    socket.onclose = () => {
      failures++;
      const wait = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
      if (failures < MOST_FAILURES) setTimeout(open, wait);
    };
  };
  open();
}
