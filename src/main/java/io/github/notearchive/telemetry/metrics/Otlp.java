package io.github.notearchive.telemetry.metrics;

import io.github.notearchive.telemetry.notify.WebhookClient;
import io.github.notearchive.telemetry.notify.WebhookClient.Delivery;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.registry.otlp.OtlpConfig;
import io.micrometer.registry.otlp.OtlpMeterRegistry;
import io.micrometer.registry.otlp.OtlpMetricsSender;
import java.time.Duration;
import java.util.Map;
import org.apache.hc.core5.http.ContentType;
import org.jspecify.annotations.Nullable;

/** OTLP receiver over HTTP. The registry sends by itself each minute, and once when it is closed. */
final class Otlp implements MetricsExporter {

    private final MetricsProperties settings;
    private final WebhookClient client;
    private final Duration timeout;
    private final OtlpMeterRegistry registry;
    private volatile Delivery delivery = new Delivery.Delivered();

    Otlp(MetricsProperties settings, String node, WebhookClient client, Duration timeout) {
        this.settings = settings;
        this.client = client;
        this.timeout = timeout;
        this.registry = OtlpMeterRegistry.builder(new Config(node))
                .clock(Clock.SYSTEM)
                .threadFactory(Thread.ofPlatform().daemon().name("otlp").factory())
                .metricsSender(this::send)
                .build();
    }

    MeterRegistry registry() {
        return registry;
    }

    private void send(OtlpMetricsSender.Request request) {
        Map<String, String> headers = settings.otlpAuthorization().isPresent()
                ? Map.of("Authorization", settings.otlpAuthorization().value())
                : settings.otlpUrl().authorizationHeader();
        delivery = client.post(
                settings.otlpUrl().address(),
                request.getMetricsData(),
                ContentType.create("application/x-protobuf"),
                headers,
                timeout);
    }

    @Override
    public String name() {
        return "otlp";
    }

    @Override
    public String target() {
        return settings.otlpUrl().toString();
    }

    /** Reports the result of the registry's last request; only the last export sends one. */
    @Override
    public void export(boolean isLast) throws ExportException {
        if (isLast) {
            registry.close();
        }
        if (delivery instanceof Delivery.Undelivered(var reason, var _)) {
            throw new ExportException(reason);
        }
    }

    @Override
    public void close() {
        registry.stop();
    }

    /** Configuration that does not read the environment variables of OpenTelemetry. */
    private record Config(String node) implements OtlpConfig {

        @Override
        public @Nullable String get(String key) {
            return null;
        }

        @Override
        public String url() {
            return "http://set-by-the-sender.invalid/v1/metrics";
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
