// Vercel's AI SDK: whole, streamed, a tool loop, an object.
import { createAnthropic } from "@ai-sdk/anthropic";
import { generateObject, generateText, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const [baseURL, name] = process.argv.slice(2);
const model = createAnthropic({ baseURL: `${baseURL}/v1`, apiKey: "none" })(name);
const common = { model, maxOutputTokens: 64, maxRetries: 0 };
const whole = await generateText({ ...common, prompt: "hello" });
let streamed = "";
for await (const text of streamText({ ...common, prompt: "hello" }).textStream) streamed += text;
const add = tool({
  description: "Adds.",
  inputSchema: z.object({ a: z.number() }),
  execute: async ({ a }) => a + 1,
});
const looped = await generateText({
  ...common,
  prompt: "use the tool",
  tools: { add },
  stopWhen: stepCountIs(4),
});
const made = await generateObject({
  ...common,
  schema: z.object({ city: z.string() }),
  prompt: "an object",
});
console.log(
  JSON.stringify({
    whole: whole.text,
    usage: whole.usage.inputTokens,
    streamed,
    looped: looped.text,
    steps: looped.steps.length,
    object: made.object,
  }),
);
