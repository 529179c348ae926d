package io.github.notearchive.telemetry.metrics;

import io.github.notearchive.telemetry.notify.WebhookClient;
import io.github.notearchive.telemetry.notify.WebhookClient.Result;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.registry.otlp.OtlpConfig;
import io.micrometer.registry.otlp.OtlpMeterRegistry;
import io.micrometer.registry.otlp.OtlpMetricsSender;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.hc.core5.http.ContentType;
import org.jspecify.annotations.Nullable;

/** A receiver of OTLP over HTTP. The registry sends by itself each minute, and once when closed. */
public final class Otlp implements MetricsExporter {

    private final MetricsProperties settings;
    private final WebhookClient sending;
    private final Duration atMost;
    private final OtlpMeterRegistry registry;
    private volatile Result result = new Result.Taken();

    public Otlp(MetricsProperties settings, String node, WebhookClient sending, Duration atMost) {
        this.settings = settings;
        this.sending = sending;
        this.atMost = atMost;
        this.registry = OtlpMeterRegistry.builder(new Config(node))
                .clock(Clock.SYSTEM)
                .threadFactory(Thread.ofPlatform().daemon().name("otlp").factory())
                .metricsSender(this::send)
                .build();
    }

    public MeterRegistry registry() {
        return registry;
    }

    private void send(OtlpMetricsSender.Request request) {
        Map<String, String> headers = new HashMap<>();
        settings.otlpUrl().authorization().ifPresent(user -> headers.put("Authorization", user));
        if (settings.otlpAuthorization().isPresent()) {
            headers.put("Authorization", settings.otlpAuthorization().value());
        }
        result = sending.post(
                settings.otlpUrl().address(),
                request.getMetricsData(),
                ContentType.create("application/x-protobuf"),
                headers,
                atMost);
    }

    @Override
    public String name() {
        return "otlp";
    }

    @Override
    public String target() {
        return settings.otlpUrl().toString();
    }

    /** Says what came of the last time, since the registry chooses the time. */
    @Override
    public void export() throws ExportException {
        if (result instanceof Result.Failed(var why, var _)) {
            throw new ExportException(why);
        }
    }

    @Override
    public void exportLast() throws ExportException {
        registry.close();
        export();
    }

    @Override
    public void close() {
        registry.stop();
    }

    /** Ours alone: the environment variables of OpenTelemetry are not looked at. */
    private record Config(String node) implements OtlpConfig {

        @Override
        public @Nullable String get(String key) {
            return null;
        }

        @Override
        public String url() {
            return "http://known-to-the-sender.invalid/v1/metrics";
        }

        @Override
        public Map<String, String> headers() {
            return Map.of();
        }

        @Override
        public Map<String, String> resourceAttributes() {
            return Map.of("service.name", "note-archive", "service.instance.id", node);
        }
    }
}
