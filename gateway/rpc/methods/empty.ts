/** Methods that official clients call at start and whose subject this gateway does not have: short, truthful answers. */
import { GatewayError, invalid } from "../../../schemas/error.ts";
import {
  AgentIdParams,
  ApprovalListResult,
  CronListResult,
  CronStatusResult,
  EmptyParams,
  GatewayIdentityResult,
  QuestionListResult,
  SessionGroupsResult,
  SkillsBinsResult,
  SkillsStatusResult,
  TaskSuggestionsResult,
  ToolsCatalogResult,
  UpdateStatusResult,
} from "../../../schemas/method/empty.ts";
import { Closed } from "../../../schemas/primitives.ts";
import type { Access } from "../../../schemas/scope.ts";
import { normalizeAgentId } from "../../session/key.ts";
import { defineMethod, type MethodDef } from "../define.ts";
import type { Services } from "../services.ts";

const common = { params: EmptyParams, idempotency: "none", deadlineMs: 10_000 } as const;
const forAgent = { ...common, params: AgentIdParams, access: "operator.read" } as const;

/** The agent that `agentId` names, by default the default one. Throws INVALID_REQUEST when it is not configured. */
function knownAgent(agentId: string | undefined, { config }: Services): string {
  if (!agentId?.trim()) return config.agents.defaultId;
  const id = normalizeAgentId(agentId);
  if (!config.agents.list.some((agent) => agent.id === id)) throw invalid(`unknown agent id "${agentId}"`);
  return id;
}

const questionList = defineMethod({
  ...common,
  name: "question.list",
  access: "operator.questions",
  result: QuestionListResult,
  description: "Open questions of agents; there are none",
  handle: () => ({ questions: [] }),
});

const approvalList = (name: string): MethodDef =>
  defineMethod({
    ...common,
    name,
    access: "operator.approvals" as Access,
    result: ApprovalListResult,
    description: "Open approvals of this kind; there are none",
    handle: () => [],
  });

const taskSuggestions = defineMethod({
  ...common,
  name: "taskSuggestions.list",
  access: "operator.read",
  result: TaskSuggestionsResult,
  description: "Suggested tasks; there are none",
  handle: () => ({ suggestions: [] }),
});

const sessionGroups = defineMethod({
  ...common,
  name: "sessions.groups.list",
  access: "operator.read",
  result: SessionGroupsResult,
  description: "Groups that sessions are sorted into; there are none",
  handle: () => ({ groups: [], sectionOrder: [] }),
});

const toolsCatalog = defineMethod({
  ...forAgent,
  name: "tools.catalog",
  result: ToolsCatalogResult,
  description: "The tools of an agent; the built-in ones are always on",
  handle: ({ params }, services) => ({
    agentId: knownAgent(params.agentId, services),
    profiles: [],
    groups: [{
      id: "core",
      label: "Built in",
      source: "core",
      tools: services.tools.all().map(({ name, description }) => ({
        id: name,
        label: name,
        description,
        source: "core",
        defaultProfiles: [],
      })),
    }],
  }),
});

const identity = defineMethod({
  ...common,
  name: "gateway.identity.get",
  access: "operator.read",
  result: GatewayIdentityResult,
  description: "The gateway's own device id and Ed25519 public key",
  handle: (_call, services) => ({ ...services.identity }),
});

const skillsStatus = defineMethod({
  ...forAgent,
  name: "skills.status",
  result: SkillsStatusResult,
  description: "Installed skills; there are none",
  handle({ params }, services) {
    const { agents, stateDir } = services.config;
    const agentId = knownAgent(params.agentId, services);
    const workspace = agents.list.find(({ id }) => id === agentId)?.workspace;
    return { workspaceDir: workspace ?? `${stateDir}/workspace`, managedSkillsDir: `${stateDir}/skills`, skills: [] };
  },
});

const skillsBins = defineMethod({
  ...common,
  name: "skills.bins",
  access: "node",
  result: SkillsBinsResult,
  description: "Programs that skills want a node to have; there are none. Node hosts ask for it right after hello",
  handle: () => ({ bins: [] }),
});

const usersSelf = defineMethod({
  ...common,
  name: "users.self",
  access: "operator.read",
  advertised: false,
  result: Closed({}),
  description: "Always FORBIDDEN: this gateway knows devices and tokens, not users",
  handle(): never {
    throw new GatewayError("FORBIDDEN", "users.self needs a user login; this gateway knows devices and tokens only");
  },
});

const updateStatus = defineMethod({
  ...common,
  name: "update.status",
  access: "operator.admin",
  result: UpdateStatusResult,
  description: "Whether an update waits; this gateway does not look for updates",
  handle: () => ({ sentinel: null, updateAvailable: null, effectiveChannel: "stable" }),
});

const cronList = defineMethod({
  ...common,
  name: "cron.list",
  access: "operator.read",
  result: CronListResult,
  description: "Scheduled jobs; there are none",
  handle: () => ({ jobs: [] }),
});

const cronStatus = defineMethod({
  ...common,
  name: "cron.status",
  access: "operator.read",
  result: CronStatusResult,
  description: "The scheduler; it is off",
  handle: (_call, { config }) => ({ enabled: false, storePath: config.stateDir, jobs: 0, nextWakeAtMs: null }),
});

export const emptyMethods: readonly MethodDef[] = [
  identity,
  questionList,
  approvalList("plugin.approval.list"),
  taskSuggestions,
  sessionGroups,
  toolsCatalog,
  skillsStatus,
  skillsBins,
  usersSelf,
  updateStatus,
  cronList,
  cronStatus,
];
