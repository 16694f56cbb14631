// Parses Trino's SQL: a JSON array of statements on stdin, a JSON array on stdout with, for each, its syntax `errors`
// (line:column and what is wrong) and the names of the `functions` that it calls.
import { registerHooks } from "node:module";
import { text } from "node:stream/consumers";

// dt-sql-parser is written for bundlers: its imports name no file ending, and its package.json no module type.
registerHooks({
  resolve(specifier, context, next) {
    const inParser = specifier.startsWith(".") && context.parentURL?.includes("/dt-sql-parser/");
    return next(inParser ? `${specifier}.js` : specifier, context);
  },
  load(url, context, next) {
    return next(url, url.includes("/dt-sql-parser/") ? { ...context, format: "module" } : context);
  },
});
const { TrinoSQL } = await import("dt-sql-parser/dist/parser/trino/index.js");

function functions(tree, found = new Set()) {
  if (tree.constructor.name === "FunctionCallContext") found.add(tree.functionName().getText().toLowerCase());
  for (const child of tree.children ?? []) functions(child, found);
  return found;
}

const parser = new TrinoSQL();
const answers = JSON.parse(await text(process.stdin)).map((statement) => {
  const errors = [];
  const tree = parser.parse(statement, (error) => {
    errors.push(`line ${error.startLine}, column ${error.startColumn}: ${error.message}`);
  });
  return { errors, functions: [...functions(tree)].sort() };
});
console.log(JSON.stringify(answers));
