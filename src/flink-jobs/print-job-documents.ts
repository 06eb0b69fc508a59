import { type DeployedApplication, jobDocument } from './job-document.ts';

/** `node print-job-documents.ts PROJECT_FOLDER APPLICATIONS_JSON`: a JSON array of job documents, or one error on stderr. */
const [projectFolder = '', applications = '[]'] = process.argv.slice(2);
try {
  const documents = (JSON.parse(applications) as DeployedApplication[]).map((application) =>
    jobDocument(application, projectFolder),
  );
  process.stdout.write(JSON.stringify(documents));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
