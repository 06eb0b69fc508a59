import { numberOf, objectOf, textOf } from '../../stack/template.ts';
import { HOURS_PER_MONTH, type Usage } from '../cost-line.ts';
import { type Deployment, resourcesOf } from '../deployment.ts';

/** Every application has one more unit for orchestration, and 50 GB of running storage by unit. */
const ORCHESTRATION_KPUS = 1;
const GIGABYTES_PER_KPU = 50;

/** Managed Service for Apache Flink, where the windows run in it. */
export function flinkUsage(deployment: Deployment): Usage[] {
  return resourcesOf(deployment, 'AWS::KinesisAnalyticsV2::Application').flatMap(
    ({ logicalId, properties }) => {
      const configuration = objectOf(properties, 'ApplicationConfiguration');
      const parallelism = objectOf(
        objectOf(configuration, 'FlinkApplicationConfiguration'),
        'ParallelismConfiguration',
      );
      const kpus = Math.ceil(
        numberOf(parallelism, 'Parallelism', 1) / numberOf(parallelism, 'ParallelismPerKPU', 1),
      );
      const what = `application ${textOf(properties, 'ApplicationName') ?? logicalId}`;
      return [
        { price: 'flink.kpuHours', what, perMonth: (kpus + ORCHESTRATION_KPUS) * HOURS_PER_MONTH },
        { price: 'flink.runningStorage', what, perMonth: kpus * GIGABYTES_PER_KPU },
      ] satisfies Usage[];
    },
  );
}
