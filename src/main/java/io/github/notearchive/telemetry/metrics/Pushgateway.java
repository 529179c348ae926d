package io.github.notearchive.telemetry.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.telemetry.notify.SecretUrl;
import io.github.notearchive.telemetry.notify.WebhookClient;
import io.github.notearchive.telemetry.notify.WebhookClient.Result;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import org.apache.hc.core5.http.ContentType;

/**
 * A Pushgateway, which keeps what it is given until a Prometheus fetches it.
 *
 * <p>By {@code POST}, which replaces the families that are sent and keeps the others of the group; see {@link Textfile}
 * for what that is good for.
 */
public final class Pushgateway implements MetricsExporter {

    private static final ContentType TEXT = ContentType.create("text/plain", UTF_8);

    private final SecretUrl url;
    private final URI group;
    private final PrometheusMeterRegistry registry;
    private final WebhookClient sending;
    private final Duration atMost;

    public Pushgateway(
            MetricsProperties settings,
            String node,
            PrometheusMeterRegistry registry,
            WebhookClient sending,
            Duration atMost) {
        this.url = settings.pushUrl();
        this.group = url.address("/metrics" + label("job", settings.pushJob().strip()) + label("instance", node));
        this.registry = registry;
        this.sending = sending;
        this.atMost = atMost;
    }

    private static String label(String name, String value) {
        return value.matches("[A-Za-z0-9._-]+")
                ? "/" + name + "/" + value
                : "/" + name + "@base64/" + Base64.getUrlEncoder().encodeToString(value.getBytes(UTF_8));
    }

    @Override
    public String name() {
        return "pushgateway";
    }

    @Override
    public String target() {
        return url.toString();
    }

    @Override
    public void export() throws ExportException {
        Result result = sending.post(
                group,
                registry.scrape().getBytes(UTF_8),
                TEXT,
                url.authorization().map(user -> Map.of("Authorization", user)).orElse(Map.of()),
                atMost);
        if (result instanceof Result.Failed(var why, var _)) {
            throw new ExportException(why);
        }
    }

    @Override
    public void close() {}
}
