// Parses Trino's SQL: a JSON array of statements on stdin, a JSON array on stdout with, for each, its syntax `errors`
// and the names of the `functions` that it calls. Run in the folder that dt-sql-parser is installed in.
import { createRequire, registerHooks } from "node:module";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

// dt-sql-parser is written for bundlers: its imports name no file endings, and its package.json no module type.
registerHooks({
  resolve(specifier, context, next) {
    const within = specifier.startsWith(".") && context.parentURL?.includes("/dt-sql-parser/");
    return next(within ? `${specifier}.js` : specifier, context);
  },
  load(url, context, next) {
    return next(url, url.includes("/dt-sql-parser/") ? { ...context, format: "module" } : context);
  },
});
const installed = createRequire(`${process.cwd()}/`).resolve("dt-sql-parser/dist/parser/trino/index.js");
const { TrinoSQL } = await import(pathToFileURL(installed));

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
