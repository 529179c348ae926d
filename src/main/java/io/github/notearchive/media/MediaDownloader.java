package io.github.notearchive.media;

import io.github.notearchive.media.DownloadLimiter.DownloadPermit;
import io.github.notearchive.note.MediaCandidate;
import io.github.notearchive.note.MediaSlot;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import org.apache.hc.client5.http.DnsResolver;
import org.jspecify.annotations.Nullable;

/**
 * Downloads the file of a slot from the first of its URLs that delivers it, complete and of the right type.
 *
 * <p>Temporary failures are retried at the same URL, then at the next one; an expired URL is left at once. Downloads
 * are free, so a repetition costs nothing but time. Each takes at most {@code archive.media.file-timeout} from its
 * permit on. A failed download leaves no file. Thread-safe; threads wait for a permit.
 */
public class MediaDownloader implements AutoCloseable {

    private final MediaProperties properties;
    private final Spool spool;
    private final AllowedHosts allowed;
    private final MediaTransfer transfer;
    private final DownloadLimiter limiter;
    private final LongAdder files = new LongAdder();

    public MediaDownloader(MediaProperties properties, Spool spool) {
        this(
                properties,
                spool,
                new PublicAddresses(new AllowedHosts(properties.allowedHosts()), InetAddress::getAllByName));
    }

    MediaDownloader(MediaProperties properties, Spool spool, DnsResolver resolver) {
        this.properties = properties;
        this.spool = spool;
        this.allowed = new AllowedHosts(properties.allowedHosts());
        this.transfer = new MediaTransfer(properties, allowed, resolver);
        this.limiter = new DownloadLimiter(properties.downloadsInFlight());
    }

    /**
     * Downloads the file of this slot. The caller closes the file.
     *
     * @throws java.io.UncheckedIOException if the spool cannot be written, which no other URL would change
     */
    public DownloadOutcome download(MediaSlot slot) {
        List<MediaCandidate> candidates = slot.candidates().stream()
                .filter(candidate -> !candidate.url().isBlank())
                .toList();
        if (candidates.isEmpty()) {
            return new DownloadOutcome.Gone("no URL in the response");
        }
        Optional<DownloadPermit> acquired = limiter.acquire();
        if (acquired.isEmpty()) {
            return stopped();
        }
        try (DownloadPermit permit = acquired.get()) {
            return download(slot, candidates, permit);
        }
    }

    /** Ends every download in progress, waits included. These and all later ones fail until {@link #resume}. */
    public void abort() {
        limiter.abort();
        transfer.abort();
    }

    /** Allows downloads again after an {@link #abort}. */
    public void resume() {
        transfer.resume();
        limiter.resume();
    }

    /** Whether the spool is at most half full. */
    public boolean hasRoom() {
        return spool.onDisk() <= properties.maxSpoolSize().toBytes() / 2;
    }

    /** Returns what was transferred so far. */
    public MediaTraffic traffic() {
        return new MediaTraffic(transfer.requests(), transfer.bytes(), files.sum());
    }

    @Override
    public void close() {
        limiter.abort();
        transfer.close();
    }

    private DownloadOutcome download(MediaSlot slot, List<MediaCandidate> candidates, DownloadPermit permit) {
        Failures failures = new Failures();
        Map<MediaUrl, MediaCandidate> urls = new LinkedHashMap<>();
        for (MediaCandidate candidate : candidates) {
            try {
                urls.putIfAbsent(MediaUrl.parse(candidate.url(), allowed), candidate);
            } catch (RejectedUrlException e) {
                failures.add(candidate, null, new Attempt.Rejected(e.reason()));
            }
        }
        long end = System.nanoTime() + properties.fileTimeout().toNanos();
        int waiting = urls.size();
        for (Map.Entry<MediaUrl, MediaCandidate> entry : urls.entrySet()) {
            MediaCandidate candidate = entry.getValue();
            long left = end - System.nanoTime();
            waiting--;
            permit.startDeadline(waiting > 0 ? left / 2 : left);
            Attempt attempt;
            try (var partial = new PartialDownload(spool, slot.kind(), candidate, entry.getKey())) {
                attempt = attempt(partial, permit);
            }
            switch (attempt) {
                case Attempt.Complete(var media) -> {
                    files.increment();
                    boolean best = slot.isBest(media.candidate().rendition());
                    return new DownloadOutcome.Downloaded(
                            media, best ? null : failures.reasons(), !best && failures.retryable);
                }
                // a lesser rendition might fit, and would be taken only for want of room
                case Attempt.NoRoom(var reason) -> {
                    return new DownloadOutcome.NoRoom(reason);
                }
                case Attempt.Failure failure -> failures.add(candidate, entry.getKey(), failure);
            }
            if (permit.isAborted()) {
                return stopped();
            }
        }
        return failures.outcome();
    }

    /**
     * Tries one URL until it succeeds, fails for good, or the deadline. A file of another size than promised is
     * downloaded once more before it is accepted.
     */
    private Attempt attempt(PartialDownload partial, DownloadPermit permit) {
        DownloadedMedia unexpected = null;
        for (int tries = 1; ; tries++) {
            Attempt attempt;
            try {
                attempt = transfer.attempt(partial, permit);
            } catch (RuntimeException e) { // for example, the disk is full
                if (unexpected != null) {
                    unexpected.close();
                }
                throw e;
            }
            boolean again;
            if (attempt instanceof Attempt.Complete(var media)) {
                if (unexpected != null) {
                    unexpected.close();
                    return attempt;
                }
                if (media.promisedSize() != DownloadedMedia.Comparison.MISMATCH || permit.isAborted()) {
                    return attempt;
                }
                unexpected = media;
                again = true;
            } else {
                again = attempt instanceof Attempt.Retryable(var _, var useful)
                        && useful
                        && unexpected == null
                        && tries < properties.triesPerCandidate();
            }
            if (!again || !permit.pause(properties.backoffAfter(tries))) {
                return unexpected == null ? attempt : new Attempt.Complete(unexpected);
            }
        }
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

        void add(MediaCandidate candidate, @Nullable MediaUrl url, Attempt.Failure failure) {
            retryable |= failure instanceof Attempt.Retryable;
            rejected |= failure instanceof Attempt.Rejected;
            reasons.add(candidate.rendition() + (url == null ? "" : " at " + url.host()) + ": " + failure.reason());
        }

        DownloadOutcome outcome() {
            return retryable || rejected
                    ? new DownloadOutcome.Failed(reasons(), retryable)
                    : new DownloadOutcome.Gone(reasons());
        }

        String reasons() {
            String first = String.join("; ", reasons.subList(0, Math.min(MAX_REASONS, reasons.size())));
            int more = reasons.size() - MAX_REASONS;
            return more > 0 ? first + "; and " + more + " more" : first;
        }
    }
}
