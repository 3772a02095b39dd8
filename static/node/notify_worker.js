// Shows notifications where a page may not do it itself (Android). It caches nothing and intercepts nothing.
addEventListener("notificationclick", (event) => {
  event.notification.close();
  const show = async () => {
    const pages = await clients.matchAll({ type: "window", includeUncontrolled: true });
    const page = pages.find((each) => new URL(each.url).pathname === "/node");
    if (page) await page.focus();
    else await clients.openWindow("/node");
  };
  event.waitUntil(show());
});
