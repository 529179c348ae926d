package io.github.notearchive.telemetry;

import io.github.notearchive.telemetry.Receivers.DeliveryException;
import io.micrometer.core.instrument.Clock;
import io.micrometer.registry.otlp.OtlpConfig;
import io.micrometer.registry.otlp.OtlpMeterRegistry;
import io.micrometer.registry.otlp.OtlpMetricsSender;
import java.time.Duration;
import java.util.Map;
import org.apache.hc.core5.http.ContentType;
import org.jspecify.annotations.Nullable;

/** OTLP receiver over HTTP. The registry sends by itself each minute, and once when it is closed. */
final class Otlp {

    private static final ContentType PROTOBUF = ContentType.create("application/x-protobuf");

    final OtlpMeterRegistry registry;
    private volatile @Nullable DeliveryException failure;

    Otlp(MetricsProperties settings, String node, Receivers receivers, Duration timeout) {
        Map<String, String> headers = settings.otlpAuthorization().isPresent()
                ? Map.of("Authorization", settings.otlpAuthorization().value())
                : settings.otlpUrl().authorizationHeader();
        OtlpMetricsSender sender = request -> {
            try {
                byte[] body = request.getMetricsData();
                receivers.post(settings.otlpUrl().address(), body, PROTOBUF, headers, timeout);
                failure = null;
            } catch (DeliveryException e) {
                failure = e;
            }
        };
        registry = OtlpMeterRegistry.builder(new Config(node))
                .clock(Clock.SYSTEM)
                .threadFactory(Thread.ofPlatform().daemon().name("otlp").factory())
                .metricsSender(sender)
                .build();
    }

    /** Reports the result of the registry's last request; only the last export sends one. */
    void export(boolean isLast) throws DeliveryException {
        if (isLast) {
            registry.close();
        }
        DeliveryException last = failure;
        if (last != null) {
            throw last;
        }
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
