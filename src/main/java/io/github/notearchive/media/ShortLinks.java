package io.github.notearchive.media;

import io.github.notearchive.io.http.DeadlineHttpClient;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hc.client5.http.DnsResolver;
import org.jspecify.annotations.Nullable;

/**
 * Reads the targets of short links of {@code xhslink.com}: one free request each, none to the target. The rules of
 * media URLs apply: a host with a non-public address is not requested. Thread-safe.
 */
public final class ShortLinks implements AutoCloseable {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    /** Links without a response after which no more requests are sent, so that a list ends soon without a network. */
    private static final int MOST_UNANSWERED = 3;

    private final AllowedHosts hosts;
    private final DeadlineHttpClient http;
    private final AtomicInteger unanswered = new AtomicInteger();

    public ShortLinks() {
        this(new AllowedHosts(List.of("xhslink.com"), InetAddress::getAllByName), null);
    }

    /** @param resolver null for the hosts */
    ShortLinks(AllowedHosts hosts, @Nullable DnsResolver resolver) {
        this.hosts = hosts;
        http = new DeadlineHttpClient(
                "short-links", LIMIT, LIMIT, pool -> pool.setDnsResolver(resolver == null ? hosts : resolver));
    }

    /**
     * Returns the location that a short link redirects to. It is untrusted.
     *
     * @throws IOException with a short reason, if the link is not allowed or does not redirect
     */
    public String target(String link) throws IOException {
        MediaUrl url = MediaUrl.parse(link, hosts);
        if (unanswered.get() >= MOST_UNANSWERED) {
            throw FailedDownloadException.retryable("not requested, because earlier links got no response");
        }
        try {
            return url.preferHttps(this::location);
        } catch (IOException e) {
            if (!(e instanceof FailedDownloadException)) {
                unanswered.incrementAndGet();
            }
            throw FailedDownloadException.of(e);
        }
    }

    private String location(MediaUrl url) throws IOException {
        return http.execute(url.request(), LIMIT, response -> {
            unanswered.set(0);
            return MediaDownloader.location(response);
        });
    }

    @Override
    public void close() {
        http.close();
    }
}
