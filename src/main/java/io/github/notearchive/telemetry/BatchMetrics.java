package io.github.notearchive.telemetry;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler;
import io.micrometer.core.instrument.observation.DefaultMeterObservationHandler.IgnoredMeters;
import io.micrometer.observation.ObservationRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
        var handler = new DefaultMeterObservationHandler(meters.registry(), IgnoredMeters.LONG_TASK_TIMER);
        observations.observationConfig().observationHandler(handler);
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
            List<Tag> tags = new ArrayList<>();
            for (Tag tag : id.getTags()) {
                if (tag.getKey().equals("node")) {
                    tags.add(tag);
                } else if (tag.getKey().endsWith(".status")) {
                    tags.add(Tag.of("status", tag.getValue()));
                } else if (tag.getKey().endsWith("job.name")) {
                    tags.add(Tag.of("job_name", tag.getValue()));
                }
            }
            return new Meter.Id(id.getName(), Tags.of(tags), id.getBaseUnit(), description, id.getType());
        }
    }
}
