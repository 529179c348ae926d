package io.github.notearchive.telemetry.metrics;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.telemetry.notify.SecretUrl;
import io.github.notearchive.telemetry.notify.WebhookClient;
import io.github.notearchive.telemetry.notify.WebhookClient.Delivery;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.util.Base64;
import org.apache.hc.core5.http.ContentType;

/**
 * Prometheus Pushgateway. Sends {@code POST}, which replaces the metric families in the request and keeps the others of
 * the group, as {@link Textfile} does.
 */
final class Pushgateway implements MetricsExporter {

    private static final ContentType TEXT = ContentType.create("text/plain", UTF_8);

    private final SecretUrl url;
    private final URI group;
    private final PrometheusMeterRegistry registry;
    private final WebhookClient client;
    private final Duration timeout;

    Pushgateway(
            MetricsProperties settings,
            String node,
            PrometheusMeterRegistry registry,
            WebhookClient client,
            Duration timeout) {
        this.url = settings.pushUrl();
        this.group = url.address("/metrics" + label("job", settings.pushJob().strip()) + label("instance", node));
        this.registry = registry;
        this.client = client;
        this.timeout = timeout;
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
    public void export(boolean isLast) throws ExportException {
        byte[] body = registry.scrape().getBytes(UTF_8);
        if (client.post(group, body, TEXT, url.authorizationHeader(), timeout)
                instanceof Delivery.Undelivered(var reason, var _)) {
            throw new ExportException(reason);
        }
    }
}
