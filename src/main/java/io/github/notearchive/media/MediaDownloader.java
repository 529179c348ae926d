package io.github.notearchive.media;

import io.github.notearchive.io.DeadlineHttpClient;
import io.github.notearchive.io.DisplayFormat;
import io.github.notearchive.media.FailedDownloadException.Kind;
import io.github.notearchive.note.MediaCandidate;
import io.github.notearchive.note.MediaSlot;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.LongAdder;
import org.apache.hc.client5.http.DnsResolver;
import org.jspecify.annotations.Nullable;

/**
 * Downloads the file of a slot from the first of its URLs that delivers it, complete and of the right type.
 *
 * <p>Temporary failures are retried at the same URL, then at the next one; an expired URL is left at once. Downloads
 * are free, so a repetition costs nothing but time. Each takes at most {@code archive.media.file-timeout} after the
 * wait for its turn. A failed download leaves no file. Thread-safe.
 */
public class MediaDownloader implements AutoCloseable {

    final MediaProperties properties;
    final Spool spool;
    final AllowedHosts hosts;
    final DeadlineHttpClient http;
    final LongAdder bytes = new LongAdder();
    private final LongAdder files = new LongAdder();
    private final Semaphore permits;

    /** Is zero while downloads are stopped; those that started before stay aborted. */
    private volatile CountDownLatch stop = new CountDownLatch(1);

    public MediaDownloader(MediaProperties properties, Spool spool) {
        this(properties, spool, new AllowedHosts(properties.allowedHosts(), InetAddress::getAllByName));
    }

    MediaDownloader(MediaProperties properties, Spool spool, DnsResolver resolver) {
        this.properties = properties;
        this.spool = spool;
        hosts = new AllowedHosts(properties.allowedHosts(), InetAddress::getAllByName);
        permits = new Semaphore(properties.downloadsInFlight());
        http = new DeadlineHttpClient(
                "media",
                properties.connectTimeout(),
                properties.idleTimeout(),
                pool -> pool.setMaxConnTotal(properties.downloadsInFlight())
                        .setMaxConnPerRoute(properties.downloadsPerHost())
                        .setDnsResolver(resolver),
                DeadlineHttpClient.Option.RESEND_REPEATED);
    }

    /**
     * Downloads the file of this slot. The caller closes the file. An interrupt ends the download and is kept.
     *
     * @throws java.io.UncheckedIOException if the spool cannot be written, which no other URL would change
     */
    public DownloadOutcome download(MediaSlot slot) {
        if (slot.candidates().isEmpty()) {
            return new DownloadOutcome.Gone("no URL in the response");
        }
        CountDownLatch stopped = stop;
        try {
            // after an abort, the downloads in progress end and return their permits
            permits.acquire();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return stopped();
        }
        try {
            return isAborted(stopped) ? stopped() : download(slot, stopped);
        } finally {
            permits.release();
        }
    }

    /** Ends every download in progress, waits included. These and all later ones fail until {@link #resume}. */
    public void abort() {
        stop.countDown();
        http.abort();
    }

    /** Allows downloads again after an {@link #abort}. */
    public void resume() {
        http.resume();
        if (stop.getCount() == 0) {
            stop = new CountDownLatch(1);
        }
    }

    /** Whether files may be added to the spool: once it was full, not until it is at most half used. */
    public boolean hasRoom() {
        return spool.hasRoom();
    }

    /** Returns what was transferred so far. */
    public MediaTraffic traffic() {
        return new MediaTraffic(http.requests(), bytes.sum(), files.sum());
    }

    /**
     * Transfers since the start of the program.
     *
     * @param requests requests sent, redirects and retries included
     * @param bytes bytes of bodies received, those of failed attempts included
     * @param files complete files
     */
    public record MediaTraffic(long requests, long bytes, long files) {}

    @Override
    public void close() {
        stop.countDown();
        http.close();
    }

    private DownloadOutcome download(MediaSlot slot, CountDownLatch stopped) {
        Failures failures = new Failures();
        Map<MediaUrl, MediaCandidate> urls = new LinkedHashMap<>();
        for (MediaCandidate candidate : slot.candidates()) {
            try {
                urls.putIfAbsent(MediaUrl.parse(candidate.url(), hosts), candidate);
            } catch (FailedDownloadException e) {
                failures.add(candidate, null, e);
            }
        }
        long end = System.nanoTime() + properties.fileTimeout().toNanos();
        int waiting = urls.size();
        for (Map.Entry<MediaUrl, MediaCandidate> entry : urls.entrySet()) {
            waiting--;
            long deadline = waiting > 0 ? end - (end - System.nanoTime()) / 2 : end;
            try {
                DownloadedMedia media =
                        new UrlDownload(this, slot.kind(), entry.getKey(), entry.getValue(), stopped, deadline).run();
                files.increment();
                return slot.isBest(entry.getValue().rendition())
                        ? new DownloadOutcome.Downloaded(media, null, false)
                        : new DownloadOutcome.Downloaded(media, failures.reasons(), failures.retryable);
            } catch (FailedDownloadException e) {
                if (e.kind == Kind.NO_ROOM) {
                    // a lesser rendition might fit, and would be taken only for want of room
                    return new DownloadOutcome.NoRoom(e.reason);
                }
                failures.add(entry.getValue(), entry.getKey(), e);
            }
            if (isAborted(stopped)) {
                return stopped();
            }
        }
        return failures.outcome();
    }

    static boolean isAborted(CountDownLatch stopped) {
        return stopped.getCount() == 0 || Thread.currentThread().isInterrupted();
    }

    private static DownloadOutcome stopped() {
        return new DownloadOutcome.Failed("downloads stopped", true);
    }

    /** Failed attempts at the URLs of one slot. */
    private static final class Failures {

        private static final int MAX_REASONS = 5;

        private final List<String> reasons = new ArrayList<>();
        private boolean retryable;
        private boolean rejected;

        void add(MediaCandidate candidate, @Nullable MediaUrl url, FailedDownloadException failure) {
            retryable |= failure.kind == Kind.RETRYABLE || failure.kind == Kind.POSTPONED;
            rejected |= failure.kind == Kind.REJECTED;
            reasons.add(candidate.rendition() + (url == null ? "" : " at " + url.host()) + ": " + failure.reason);
        }

        DownloadOutcome outcome() {
            return retryable || rejected
                    ? new DownloadOutcome.Failed(reasons(), retryable)
                    : new DownloadOutcome.Gone(reasons());
        }

        String reasons() {
            String first = String.join("; ", reasons.subList(0, Math.min(MAX_REASONS, reasons.size())));
            int more = reasons.size() - MAX_REASONS;
            return more > 0 ? first + "; and " + DisplayFormat.plural(more, "more URL") : first;
        }
    }
}
