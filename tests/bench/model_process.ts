/** The tests' model as a process of its own, so that its work is not counted to anybody. Argument: the port. */
import { FakeModel } from "../helpers/fake_model.ts";

await FakeModel.start({ port: Number(Deno.args[0]) });
