package io.github.notearchive.telemetry.metrics;

import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler.IgnoredMeters;
import io.micrometer.observation.ObservationRegistry;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Observations of Spring Batch, which are recorded if metrics are exported. */
@Configuration(proxyBeanMethods = false)
class BatchMetrics {

    @Bean
    ObservationRegistry observationRegistry(MetricsProperties settings, Meters meters) {
        if (!settings.isAny()) {
            return ObservationRegistry.NOOP;
        }
        ObservationRegistry observations = ObservationRegistry.create();
        observations
                .observationConfig()
                .observationHandler(
                        new DefaultMeterObservationHandler(meters.registry(), IgnoredMeters.LONG_TASK_TIMER));
        return observations;
    }
}
