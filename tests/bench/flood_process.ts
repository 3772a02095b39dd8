/** A fake platform of its own process that floods its account, so that its work is not counted to anybody. A line begins it. */
import { print } from "../helpers/print.ts";
import { startFakePlatform } from "../servers/fake/platform.ts";

/** More than any gateway takes while the others are measured. */
const MESSAGES = 100_000;

const platform = startFakePlatform();
print(platform.url);
for await (const _ of Deno.stdin.readable) platform.order({ do: "flood", count: MESSAGES, chatId: "flood" });
