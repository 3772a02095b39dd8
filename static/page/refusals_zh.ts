/** What all pages say when the gateway refuses them, in Chinese. */

export const refusals = {
  old: {
    title: "浏览器版本过旧",
    text: "它无法生成 Ed25519 设备密钥。",
    steps: ["请更新：Chrome 137、Firefox 129、Safari 17 或更新版本。"],
  },
  origin: {
    title: "网关不接受这个地址",
    text: "页面是用网关不认识的名称打开的。",
    steps: ["请用网关自己的地址打开，或把此地址加入 gateway.controlUi.allowedOrigins："],
  },
  protocol: {
    title: "页面与网关版本不一致",
    text: "网关可能在页面打开期间更新了。",
    steps: ["请重新加载页面。"],
  },
  device: {
    title: "网关不接受此浏览器的密钥",
    text: "无法验证它的签名。",
    steps: ["忘记密钥并重新开始；此浏览器将被视为新设备。"],
  },
  other: { title: "网关拒绝了连接", text: "原因如下：", steps: [] },
};
