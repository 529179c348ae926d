package io.github.notearchive.telemetry.metrics;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler.IgnoredMeters;
import io.micrometer.observation.ObservationRegistry;
import java.util.Map;
import java.util.stream.Stream;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Observations of Spring Batch, which are recorded if metrics are exported. */
@Configuration(proxyBeanMethods = false)
class BatchMetrics {

    /** Exported meters with their descriptions. Reading is excluded, since it is mostly waiting. */
    private static final Map<String, String> DESCRIPTIONS = Map.of(
            "spring.batch.job",
            "Duration of jobs, from Spring Batch",
            "spring.batch.item.process",
            "Duration of fetching and downloading a note, from Spring Batch",
            "spring.batch.chunk.write",
            "Duration of storing and writing a note, from Spring Batch");

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

    /**
     * Denies meters that {@code src/docs/metrics.md} does not list, and gives those of Spring Batch a description and
     * short labels, equal for all workers of a step.
     */
    static final class Filter implements MeterFilter {

        @Override
        public MeterFilterReply accept(Meter.Id id) {
            return id.getName().startsWith("note.archive.") || DESCRIPTIONS.containsKey(id.getName())
                    ? MeterFilterReply.NEUTRAL
                    : MeterFilterReply.DENY;
        }

        @Override
        public Meter.Id map(Meter.Id id) {
            String description = DESCRIPTIONS.get(id.getName());
            if (description == null) {
                return id;
            }
            Tags tags = Tags.of(id.getTags().stream().flatMap(Filter::shorten).toList());
            return new Meter.Id(id.getName(), tags, id.getBaseUnit(), description, id.getType());
        }

        private static Stream<Tag> shorten(Tag tag) {
            String key = tag.getKey();
            if (key.equals("node")) {
                return Stream.of(tag);
            }
            if (key.endsWith(".status")) {
                return Stream.of(Tag.of("status", tag.getValue()));
            }
            return key.endsWith("job.name") ? Stream.of(Tag.of("job_name", tag.getValue())) : Stream.empty();
        }
    }
}
