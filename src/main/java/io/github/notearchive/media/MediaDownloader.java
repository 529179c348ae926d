package io.github.notearchive.media;

import io.github.notearchive.note.MediaCandidate;
import io.github.notearchive.note.MediaSlot;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import org.apache.hc.client5.http.DnsResolver;
import org.jspecify.annotations.Nullable;

/**
 * Downloads the file of a slot from the first of its addresses that gives it, complete and of the right sort.
 *
 * <p>Trouble that may pass is tried again at the same address, then at the next one; an address that is gone is left at
 * once. Downloads are free, so a repeat costs nothing but time; each takes no longer than
 * {@code archive.media.file-timeout} from when it has a place. A download that fails leaves no file behind. Safe for
 * use by many threads, which wait for a place.
 */
public class MediaDownloader implements AutoCloseable {

    private final MediaProperties properties;
    private final Spool spool;
    private final AllowedHosts allowed;
    private final MediaTransfer transfer;
    private final InFlight inFlight;
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
        this.inFlight = new InFlight(properties.downloadsInFlight());
    }

    /**
     * Downloads the file of this slot. The file is the caller's, who closes it.
     *
     * @throws java.io.UncheckedIOException if the spool cannot be written, which no other address would help
     */
    public DownloadOutcome download(MediaSlot slot) {
        List<MediaCandidate> candidates = slot.candidates().stream()
                .filter(candidate -> !candidate.url().isBlank())
                .toList();
        if (candidates.isEmpty()) {
            return new DownloadOutcome.Dead("no address in the answer");
        }
        Optional<InFlight.Place> place;
        try {
            place = inFlight.enter();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return stopped();
        }
        if (place.isEmpty()) {
            return stopped();
        }
        try {
            return tryInTurn(slot, candidates, place.get());
        } finally {
            place.get().leave();
        }
    }

    /**
     * Ends every download in flight, waits included; each of them, and each one asked for later, is troubled until
     * {@link #resume}.
     */
    public void abort() {
        inFlight.abort();
    }

    /** Takes downloads again after an {@link #abort}. */
    public void resume() {
        inFlight.resume();
    }

    /** Whether the spool is filled to half of its limit at most. */
    public boolean hasRoom() {
        return spool.onDisk() <= properties.maxSpoolSize().toBytes() / 2;
    }

    /** What has been transferred so far. */
    public MediaTraffic traffic() {
        return new MediaTraffic(transfer.requests(), transfer.bytes(), files.sum());
    }

    @Override
    public void close() {
        inFlight.close();
        transfer.close();
    }

    private DownloadOutcome tryInTurn(MediaSlot slot, List<MediaCandidate> candidates, InFlight.Place place) {
        Findings findings = new Findings();
        Map<MediaUrl, MediaCandidate> urls = new LinkedHashMap<>();
        for (MediaCandidate candidate : candidates) {
            try {
                urls.putIfAbsent(MediaUrl.parse(candidate.url(), allowed), candidate);
            } catch (RefusedAddressException e) {
                findings.refused(candidate, null, e.reason());
            }
        }
        long end = System.nanoTime() + properties.fileTimeout().toNanos();
        int waiting = urls.size();
        for (Map.Entry<MediaUrl, MediaCandidate> entry : urls.entrySet()) {
            MediaUrl url = entry.getKey();
            MediaCandidate candidate = entry.getValue();
            long left = end - System.nanoTime();
            waiting--;
            long share = waiting > 0 ? left / 2 : left;
            Attempt attempt = persist(slot, candidate, url, System.nanoTime() + share, place);
            switch (attempt) {
                case Attempt.Complete(var media) -> {
                    files.increment();
                    boolean best = slot.isBest(media.candidate().rendition());
                    return new DownloadOutcome.Downloaded(
                            media, best ? null : findings.all(), !best && findings.passing);
                }
                case Attempt.NoRoom(var why) -> {
                    // a lesser rendition might fit, and would be taken for want of room only
                    return new DownloadOutcome.NoRoom(why);
                }
                case Attempt.Gone(var why) -> findings.gone(candidate, url, why);
                case Attempt.Refused(var why) -> findings.refused(candidate, url, why);
                case Attempt.Passing(var why, var _) -> findings.passing(candidate, url, why);
            }
            if (place.isStopped()) {
                return stopped();
            }
        }
        return findings.outcome();
    }

    /** Tries one address until it is of no use to go on, or the deadline. */
    private Attempt persist(
            MediaSlot slot, MediaCandidate candidate, MediaUrl url, long deadline, InFlight.Place place) {
        try (Partial partial = new Partial(spool)) {
            return persist(slot, candidate, url, partial, deadline, place);
        }
    }

    private Attempt persist(
            MediaSlot slot,
            MediaCandidate candidate,
            MediaUrl url,
            Partial partial,
            long deadline,
            InFlight.Place place) {
        DownloadedMedia unpromised = null;
        for (int tries = 1; ; tries++) {
            long left = deadline - System.nanoTime();
            Attempt attempt;
            try {
                attempt = left > 0
                        ? transfer.attempt(slot.kind(), candidate, url, partial, left, place)
                        : new Attempt.Passing("not done in time", false);
            } catch (RuntimeException e) { // as when the disk takes no more
                if (unpromised != null) {
                    unpromised.close();
                }
                throw e;
            }
            boolean again;
            switch (attempt) {
                case Attempt.Complete(var media) -> {
                    boolean second = unpromised != null;
                    if (unpromised != null) {
                        unpromised.close();
                    }
                    if (second || media.promisedSize() != DownloadedMedia.Comparison.MISMATCH || place.isStopped()) {
                        return attempt;
                    }
                    // complete by the server's word, but not what the answer promises
                    unpromised = media;
                    again = true;
                }
                case Attempt.Passing(var _, var worthAnother) ->
                    again = worthAnother && unpromised == null && tries < properties.triesPerCandidate();
                case Attempt.Gone _, Attempt.Refused _, Attempt.NoRoom _ -> again = false;
            }
            Duration pause = properties.backoffAfter(tries);
            again = again && deadline - System.nanoTime() > pause.toNanos() && place.pause(pause);
            if (!again) {
                return unpromised == null ? attempt : new Attempt.Complete(unpromised);
            }
        }
    }

    private static DownloadOutcome stopped() {
        return new DownloadOutcome.Troubled("downloads are stopped", true);
    }

    /** What the addresses said, and what that means together. */
    private static final class Findings {

        private static final int ENOUGH = 5;

        private final List<String> reasons = new ArrayList<>();
        private boolean passing;
        private boolean refused;

        void gone(MediaCandidate candidate, MediaUrl url, String why) {
            add(candidate, url, why);
        }

        void passing(MediaCandidate candidate, MediaUrl url, String why) {
            passing = true;
            add(candidate, url, why);
        }

        void refused(MediaCandidate candidate, @Nullable MediaUrl url, String why) {
            refused = true;
            add(candidate, url, why);
        }

        DownloadOutcome outcome() {
            return passing || refused ? new DownloadOutcome.Troubled(all(), passing) : new DownloadOutcome.Dead(all());
        }

        String all() {
            String first = String.join("; ", reasons.subList(0, Math.min(ENOUGH, reasons.size())));
            return reasons.size() > ENOUGH ? first + "; and " + (reasons.size() - ENOUGH) + " more" : first;
        }

        private void add(MediaCandidate candidate, @Nullable MediaUrl url, String why) {
            reasons.add(candidate.rendition() + (url == null ? "" : " at " + url.host()) + ": " + why);
        }
    }
}
