import { z } from 'zod'
import { ServiceUrl } from '../config.ts'
import { RegisterServiceInstance, ServiceInstanceId } from '../contract/registry.ts'

/** What a service tells Quartermaster of itself; one without `SERVICE_URL` tells nothing. */
export const registryVariables = {
  /** Where it is called. */
  SERVICE_URL: ServiceUrl.optional(),
  /** Which of its instances it is, where several run. */
  INSTANCE_ID: ServiceInstanceId.default('main'),
  SERVICE_VERSION: RegisterServiceInstance.shape.version.default('unknown'),
}

const Variables = z.object(registryVariables)
export type RegistryVariables = z.output<typeof Variables>
