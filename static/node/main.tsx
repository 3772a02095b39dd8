/** Starts the node page. */
document.title = "OpenClaw node";
