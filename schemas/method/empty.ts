/** Parameters and results of methods whose subject this gateway does not have; clients start without errors (generations facts, section 5). */
import { Closed, Int0, NonEmpty, Nullable, Open, Type } from "../primitives.ts";

const Nothing = Type.Array(Type.Unknown(), { maxItems: 0 });

export const EmptyParams = Open({});
export const QuestionListResult = Closed({ questions: Nothing });
/** A bare array, also for exec.approval.list. */
export const ApprovalListResult = Nothing;
export const TaskSuggestionsResult = Closed({ suggestions: Nothing });
export const SessionGroupsResult = Closed({ groups: Nothing, sectionOrder: Nothing });

export const AgentIdParams = Open({ agentId: Type.Optional(Type.String()) });
export const ToolsCatalogResult = Closed({
  agentId: NonEmpty,
  profiles: Nothing,
  groups: Type.Array(Closed({
    id: NonEmpty,
    label: NonEmpty,
    source: NonEmpty,
    tools: Type.Array(Closed({
      id: NonEmpty,
      label: NonEmpty,
      description: NonEmpty,
      source: NonEmpty,
      defaultProfiles: Nothing,
    })),
  })),
});
export const GatewayIdentityResult = Closed({ deviceId: NonEmpty, publicKey: NonEmpty });
export const SkillsStatusResult = Closed({ workspaceDir: NonEmpty, managedSkillsDir: NonEmpty, skills: Nothing });
export const SkillsBinsResult = Closed({ bins: Nothing });

export const UpdateStatusResult = Closed({
  sentinel: Type.Null(),
  updateAvailable: Type.Null(),
  effectiveChannel: NonEmpty,
});
export const CronListResult = Closed({ jobs: Nothing });
export const CronStatusResult = Closed({
  enabled: Type.Boolean(),
  storePath: NonEmpty,
  jobs: Int0,
  nextWakeAtMs: Nullable(Int0),
});
