/** Importing a streaming SQL application gives its compiled plan: bin/streaming-sql-plugin.cjs. */
declare module '*.sql' {
  const plan: import('../src/streaming-sql/engine/index.ts').ApplicationPlan;
  export default plan;
}
