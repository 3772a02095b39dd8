/** Joins what is beside the chat: nodes, approvals of commands, canvas, and the tools that agents have for them. */
import { createExecApprovals } from "./approval/approvals.ts";
import type { ExecApprovals } from "./approval/types.ts";
import { joinTools } from "./agent/tools.ts";
import type { ToolBox } from "./agent/types.ts";
import { checkHost, type KnownHosts } from "./auth/known_hosts.ts";
import type { PairingStore } from "./auth/types.ts";
import type { Bus } from "./bus.ts";
import { createCanvasFiles } from "./canvas/files.ts";
import { keepInCanvas } from "./canvas/keep_files.ts";
import { createScreens } from "./canvas/screens.ts";
import { type CapabilityCheck, createCanvasSurfaces } from "./canvas/surfaces.ts";
import { canvasTools } from "./canvas/tools.ts";
import type { CanvasFiles, CanvasSurfaces, Screens } from "./canvas/types.ts";
import type { Config, ConfigStore } from "./config/types.ts";
import { createNodes } from "./node/nodes.ts";
import { nodeTools } from "./node/tools.ts";
import type { Nodes } from "./node/types.ts";
import type { Clock } from "./observe/clock.ts";
import type { Log } from "./observe/log.ts";
import type { Db } from "./storage/db.ts";

export interface PeripheryDeps {
  readonly config: Config;
  readonly live: Pick<ConfigStore, "current">;
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly bus: Bus;
  readonly devices: Pick<PairingStore, "list" | "get">;
  readonly hosts: KnownHosts;
}

/** Ports that are open now; `canvas` undefined when the canvas host is off or its port was taken. */
export interface OpenPorts {
  readonly gateway: number;
  readonly canvas: number | undefined;
  /** Why the canvas host has no port of its own although it should. */
  readonly canvasProblem?: string | undefined;
}

export interface Periphery {
  readonly nodes: Nodes;
  readonly approvals: ExecApprovals;
  readonly canvasFiles: CanvasFiles;
  readonly surfaces: CanvasSurfaces & CapabilityCheck;
  readonly screens: Screens;
  readonly tools: ToolBox;
  /** Once the ports are open: before it no address of the canvas can be given out. */
  opened(ports: OpenPorts): void;
  ports(): OpenPorts | undefined;
  /** Drops what is past its time. Called every minute. */
  sweep(): void;
  stop(): void;
}

export function createPeriphery(deps: PeripheryDeps): Periphery {
  const { config, live, db, clock, log, bus, devices, hosts } = deps;
  const { stateDir, gateway, canvasHost } = config;
  const open: { ports?: OpenPorts } = {};
  const approvals = createExecApprovals({ clock, log, bus, stateDir });
  const screens = createScreens({ db, clock, bus, isOwnHost: (host) => checkHost(host, hosts).ok });
  const nodes = createNodes({ db, clock, log, bus, config: live, devices, approvals, screens, stateDir });
  const canvasFiles = createCanvasFiles({
    root: canvasHost.root,
    clock,
    historyDir: `${stateDir}/canvas-history`,
  });
  const surfaces = createCanvasSurfaces({
    clock,
    publicUrl: gateway.publicUrl,
    tls: gateway.tls !== undefined,
    ports: () => canvasHost.enabled ? open.ports : undefined,
  });
  const forNodes = nodeTools({ nodes, approvals, clock });
  return {
    nodes,
    approvals,
    canvasFiles,
    surfaces,
    screens,
    tools: canvasHost.enabled
      ? joinTools(keepInCanvas(forNodes, canvasFiles), canvasTools({ files: canvasFiles, screens, nodes }))
      : forNodes,
    opened: (ports) => void (open.ports = ports),
    ports: () => open.ports,
    sweep: () => nodes.sweep(),
    stop: () => {
      approvals.stop();
      nodes.stop();
    },
  };
}
