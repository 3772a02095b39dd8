/** What the reference says of being a node, before its tables. */

export const NODE_EVENTS_TEXT =
  `A node calls \`node.event\` with one of these names. The answer is \`ok\` always; \`handled: false\` comes with a reason.
It may name its own session (\`node-<id>\`), the main one, sessions of the default agent that belong to no channel, and the
sessions for which it was called. Runs: five at once, then one a second. Notes: thirty at once, then five a second.

An action on the canvas comes as the message of an \`agent.request\` on one line, blanks in its values written as \`_\`:

\`\`\`text
CANVAS_A2UI action=<name> session=<key> surface=<id> component=<id> host=<name> instance=<id>[ ctx=<json>] default=update_canvas
\`\`\``;

export const NODE_COMMANDS_TEXT =
  `A node connects with the role \`node\` and names what it can do in \`caps\` and \`commands\`. Both are claims: what may be
called is decided at each call.

| Rule | Protocol 3 | Protocol 4 |
|---|---|---|
| Device pairing | needed | needed |
| \`node.pair.approve\` of the declared commands | not needed | needed, and again when a node declares more |
| The platform's list, or \`gateway.nodes.allowCommands\`, or allowed on this node | needed | needed |
| \`gateway.nodes.denyCommands\` | always wins | always wins |

Dangerous, and so on no platform's list: \`camera.*\`, \`screen.record\`, \`sms.send\`, \`system.run\`, \`contacts.add\`,
\`calendar.add\`, \`reminders.add\`.

| Platform | Its list |
|---|---|
| \`ios\`, \`macos\` | canvas.\\*, location.get, device.\\*, contacts.search, calendar.events, reminders.list, photos.latest, motion.\\*, system.notify; macOS also what Linux has |
| \`android\` | the same without system.notify |
| \`linux\`, \`windows\` | system.notify, system.which, system.run.prepare, system.execApprovals.\\*, browser.proxy, file.list, file.read |
| \`web\` | canvas.\\*, location.get, device.\\*, system.notify |
| everything else | canvas.\\*, location.get and what Linux has |

How a call of \`node.invoke\` fails:

| Code and message | \`details\` |
|---|---|
| UNAVAILABLE \`node not connected\` | \`{ code: "NOT_CONNECTED" }\` |
| INVALID_REQUEST \`node command not allowed: …\` | \`{ reason, command }\`; reason is \`command required\`, \`command not allowlisted\`, \`node did not declare commands\`, \`command not declared by node\` or \`command not approved\` |
| UNAVAILABLE, the node's message or \`node invoke failed\` | \`{ nodeError: { code?, message? } }\`, or \`{ nodeError: null }\` |
| UNAVAILABLE \`node invoke timed out\` | \`{ nodeError: { code: "TIMEOUT", message } }\` |
| UNAVAILABLE \`node disconnected (<command>)\` | none |

Codes of our own nodes, in \`nodeError.message\` as \`CODE: sentence\`: INVALID_REQUEST, UNAVAILABLE,
NODE_BACKGROUND_UNAVAILABLE, CANVAS_DISABLED, CAMERA_DISABLED, CAMERA_PERMISSION_REQUIRED, MIC_PERMISSION_REQUIRED,
SCREEN_PERMISSION_REQUIRED, LOCATION_DISABLED, LOCATION_PERMISSION_REQUIRED, LOCATION_TIMEOUT, LOCATION_UNAVAILABLE,
A2UI_HOST_NOT_CONFIGURED, A2UI_HOST_UNAVAILABLE; of \`openclaw node run\` SYSTEM_RUN_DISABLED, SYSTEM_RUN_DENIED,
PERMISSION_MISSING, FILE_DISABLED.

Below are the commands of our own nodes: a browser at \`/node\` with canvas, camera, screen, location, device, notifications,
and \`openclaw node run\` with system, file, notifications. A key that is \`null\` counts as absent.`;
