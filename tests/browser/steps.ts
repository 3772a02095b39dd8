/** One gateway with a scripted model for the steps of one browser test. */
import { FakeModel } from "../helpers/fake_model.ts";
import { type GatewayOptions, TestGateway } from "../helpers/gateway.ts";
import { browserMissing } from "./chromium.ts";

export interface Stage {
  readonly gateway: TestGateway;
  readonly model: FakeModel;
}

export interface StageOptions extends GatewayOptions {
  /** Use the gateway's own offline model instead of the scripted one. */
  readonly builtIn?: boolean;
}

/** A slow answer of `count` words, `ms` apart: w0 w1 w2 … */
export const slowly = (count: number, ms = 60): string => `bench:${count}:${ms}`;

export function browserTest(
  name: string,
  options: StageOptions,
  steps: Readonly<Record<string, (stage: Stage) => Promise<void>>>,
): void {
  Deno.test({
    name,
    ignore: browserMissing,
    fn: async (t) => {
      await using model = await FakeModel.start();
      const { builtIn, config, ...rest } = options;
      const own = builtIn ? { agents: { defaults: { model: { primary: "builtin/offline" } } } } : model.config();
      await using gateway = await TestGateway.start({ ...rest, config: { ...own, ...config } });
      for (const [sentence, step] of Object.entries(steps)) await t.step(sentence, () => step({ gateway, model }));
    },
  });
}
