package io.github.notearchive.media;

import static io.github.notearchive.media.FailedDownloadException.retryable;

import io.github.notearchive.io.http.DeadlineHttpClient;
import io.github.notearchive.io.time.Deadline;
import io.github.notearchive.media.FailedDownloadException.FailureKind;
import io.github.notearchive.media.Spool.SpoolFile;
import io.github.notearchive.media.format.TypeSniffer;
import io.github.notearchive.note.MediaCandidate;
import io.github.notearchive.note.MediaSlot;
import io.github.notearchive.note.MediaType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.jspecify.annotations.Nullable;

/**
 * Downloads the file of a slot from the first of its URLs that delivers it, complete and of the right type.
 *
 * <p>Temporary failures are retried at the same URL, then at the next one; an expired URL is left at once. A file whose
 * MD5 is not that of the response is downloaded again, from another URL if there is one: one with that MD5 is taken, or
 * the same bytes twice. Downloads are free, so a repetition costs nothing but time. Each takes at most
 * {@code archive.media.file-timeout} after the wait for its turn. A failed download leaves no file. Thread-safe.
 */
public class MediaDownloader implements AutoCloseable {

    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> GONE = Set.of(401, 403, 404, 410);
    private static final DownloadOutcome STOPPED = new DownloadOutcome.Failed("downloads stopped", true);

    private final MediaProperties properties;
    private final Spool spool;
    private final AllowedHosts hosts;
    private final DeadlineHttpClient http;
    private final LongAdder bytes = new LongAdder();
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
        CountDownLatch stopped = stop; // an abort during the wait ends this download, too
        try {
            // after an abort, the downloads in progress end and return their permits
            permits.acquire();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return STOPPED;
        }
        try {
            return new SlotDownload(slot, stopped).run();
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

    /**
     * Returns the location of a redirect.
     *
     * @throws FailedDownloadException if the response is none
     */
    static String location(ClassicHttpResponse response) throws FailedDownloadException {
        Header location = response.getFirstHeader("Location");
        if (!REDIRECTS.contains(response.getCode()) || location == null || location.getValue() == null) {
            throw retryable("HTTP " + response.getCode());
        }
        return location.getValue();
    }

    /**
     * Download of one file, over as many URLs and attempts as it takes. Used by one thread.
     *
     * <p>Each attempt requests the whole file, and checks each redirect like the first URL. Bodies are not decoded.
     */
    private final class SlotDownload {

        private static final int MAX_REASONS = 5;

        private final MediaSlot slot;

        /** Aborts the download at zero. */
        private final CountDownLatch stopped;

        private final List<String> reasons = new ArrayList<>();
        private final Set<FailureKind> failures = EnumSet.noneOf(FailureKind.class);

        /** SHA-256 of each file whose MD5 is not that of the response. */
        private final Set<String> unconfirmed = new HashSet<>();

        /** Time after which no request and no pause of the present URL continues. */
        private Deadline deadline = Deadline.in(properties.fileTimeout());

        SlotDownload(MediaSlot slot, CountDownLatch stopped) {
            this.slot = slot;
            this.stopped = stopped;
        }

        /** The file, or the location of a redirect. */
        private record Reply(
                @Nullable DownloadedMedia media, @Nullable String location) {}

        DownloadOutcome run() {
            Deadline end = deadline;
            List<Map.Entry<MediaUrl, MediaCandidate>> waiting =
                    new ArrayList<>(allowedUrls().entrySet());
            Map<MediaUrl, Integer> differing = new HashMap<>();
            while (!waiting.isEmpty()) {
                if (isAborted()) {
                    return STOPPED;
                }
                Map.Entry<MediaUrl, MediaCandidate> entry = waiting.removeFirst();
                deadline = waiting.isEmpty() ? end : Deadline.in(end.left().dividedBy(2));
                MediaCandidate candidate = entry.getValue();
                try {
                    DownloadedMedia media = download(entry.getKey(), candidate);
                    files.increment();
                    return slot.isBest(candidate.rendition())
                            ? new DownloadOutcome.Downloaded(media, null, false)
                            : new DownloadOutcome.Downloaded(
                                    media, reasons(), failures.contains(FailureKind.RETRYABLE));
                } catch (FailedDownloadException e) {
                    if (e.kind == FailureKind.NO_ROOM) {
                        // a lesser rendition might fit, and would be taken only for want of room
                        return new DownloadOutcome.NoRoom(e.reason);
                    }
                    failed(candidate.rendition() + " at " + entry.getKey().host(), e);
                    int downloads =
                            e.kind == FailureKind.UNCONFIRMED ? differing.merge(entry.getKey(), 1, Integer::sum) : 0;
                    if (downloads > 0 && downloads < Math.max(2, properties.triesPerCandidate())) {
                        repeatLater(entry, downloads, waiting);
                    }
                }
            }
            if (isAborted()) {
                return STOPPED;
            }
            boolean isRetryable = failures.contains(FailureKind.RETRYABLE);
            return isRetryable || failures.contains(FailureKind.REJECTED)
                    ? new DownloadOutcome.Failed(reasons(), isRetryable)
                    : new DownloadOutcome.Gone(reasons());
        }

        /** Adds a URL behind the others of the same rendition, or pauses if there is no other. */
        private void repeatLater(
                Map.Entry<MediaUrl, MediaCandidate> url,
                int downloads,
                List<Map.Entry<MediaUrl, MediaCandidate>> waiting) {
            String variant = url.getValue().variant();
            int others = (int) waiting.stream()
                    .takeWhile(other -> other.getValue().variant().equals(variant))
                    .count();
            waiting.add(others, url);
            if (others == 0) {
                pause(properties.backoffAfter(downloads));
            }
        }

        private Map<MediaUrl, MediaCandidate> allowedUrls() {
            Map<MediaUrl, MediaCandidate> urls = new LinkedHashMap<>();
            for (MediaCandidate candidate : slot.candidates()) {
                try {
                    urls.putIfAbsent(MediaUrl.parse(candidate.url(), hosts), candidate);
                } catch (FailedDownloadException e) {
                    failed(candidate.rendition(), e);
                }
            }
            return urls;
        }

        private void failed(String url, FailedDownloadException e) {
            failures.add(
                    e.kind == FailureKind.POSTPONED || e.kind == FailureKind.UNCONFIRMED
                            ? FailureKind.RETRYABLE
                            : e.kind);
            reasons.add(url + ": " + e.reason);
        }

        private String reasons() {
            return reasons.stream().limit(MAX_REASONS).collect(Collectors.joining("; "));
        }

        private boolean isAborted() {
            return stopped.getCount() == 0 || Thread.currentThread().isInterrupted();
        }

        /** Tries a URL until it succeeds, fails for good, or the deadline. */
        private DownloadedMedia download(MediaUrl url, MediaCandidate candidate) throws FailedDownloadException {
            for (int tries = 1; ; tries++) {
                try {
                    return attempt(url, candidate);
                } catch (IOException e) {
                    FailedDownloadException failed = failure(e);
                    boolean again = failed.kind == FailureKind.RETRYABLE && tries < properties.triesPerCandidate();
                    if (!again || !pause(properties.backoffAfter(tries))) {
                        throw failed;
                    }
                }
            }
        }

        /** Waits after a failed attempt. False if the deadline, an abort or an interrupt does not allow it. */
        private boolean pause(Duration time) {
            if (deadline.left().compareTo(time) <= 0) {
                return false;
            }
            try {
                return !stopped.await(time.toNanos(), TimeUnit.NANOSECONDS);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                return false;
            }
        }

        private DownloadedMedia attempt(MediaUrl url, MediaCandidate candidate) throws IOException {
            MediaUrl next = url;
            for (int redirects = 0; redirects <= properties.maxRedirects(); redirects++) {
                Reply reply = next.preferHttps(to -> send(to, candidate));
                if (reply.media != null) {
                    return reply.media;
                }
                next = next.redirected(Objects.requireNonNull(reply.location), hosts);
            }
            throw new FailedDownloadException(
                    FailureKind.POSTPONED, "more than " + properties.maxRedirects() + " redirects");
        }

        /**
         * Sends one request.
         *
         * @throws FailedDownloadException if the response has no complete file, even if its body cannot be read
         * @throws IOException if there is no response
         */
        private Reply send(MediaUrl to, MediaCandidate candidate) throws IOException {
            if (isAborted() || deadline.isOver()) {
                throw new SocketTimeoutException("Ended before the request was sent");
            }
            HttpUriRequestBase request = to.request();
            request.setHeader("Accept", "*/*");
            request.setHeader("Accept-Encoding", "identity");
            return http.execute(request, deadline.left(), response -> {
                try {
                    return read(response, candidate);
                } catch (IOException e) {
                    throw failure(e);
                }
            });
        }

        private Reply read(ClassicHttpResponse response, MediaCandidate candidate) throws IOException {
            int status = response.getCode();
            if (status == 200) {
                return new Reply(receive(response.getEntity(), candidate), null);
            }
            if (GONE.contains(status)) {
                throw new FailedDownloadException(FailureKind.GONE, "HTTP " + status);
            }
            return new Reply(null, location(response));
        }

        private DownloadedMedia receive(@Nullable HttpEntity entity, MediaCandidate candidate) throws IOException {
            if (entity == null) {
                throw retryable("empty body");
            }
            long length = entity.getContentLength();
            requireAllowed(length);
            InputStream body = entity.getContent();
            byte[] head = body.readNBytes(TypeSniffer.HEAD_LENGTH);
            MediaType type = TypeSniffer.sniff(head)
                    .filter(detected -> detected.suits(slot.kind()))
                    .orElse(null);
            if (type == null) {
                bytes.add(head.length);
                throw retryable(TypeSniffer.mismatch(head, slot.kind()));
            }
            SpoolFile file = spool.new SpoolFile(length, candidate.md5() != null);
            try {
                InputStream whole = new SequenceInputStream(new ByteArrayInputStream(head), body);
                for (int count = 0; count >= 0; count = file.append(whole)) {
                    bytes.add(count);
                    requireAllowed(file.size());
                }
                file.endWriting();
                DownloadedMedia media = DownloadedMedia.of(file, type, candidate, file.check(type));
                if (media.hasOtherMd5() && unconfirmed.add(media.sha256())) {
                    throw new FailedDownloadException(FailureKind.UNCONFIRMED, "MD5 is not that of the response");
                }
                return media;
            } catch (IOException | RuntimeException | Error e) {
                file.close();
                throw e;
            }
        }

        private void requireAllowed(long length) throws FailedDownloadException {
            if (length > properties.maxFileSize().toBytes()) {
                throw FailedDownloadException.rejected(
                        "longer than archive.media.max-file-size (" + properties.maxFileSize() + ")");
            }
        }

        private FailedDownloadException failure(IOException e) {
            return e instanceof FailedDownloadException || !deadline.isOver()
                    ? FailedDownloadException.of(e)
                    : retryable("deadline exceeded");
        }
    }
}
