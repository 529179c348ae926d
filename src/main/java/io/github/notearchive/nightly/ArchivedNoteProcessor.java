package io.github.notearchive.nightly;

import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.archive.ledger.CallLedger;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.StateReason;
import io.github.notearchive.archive.worklist.StateTransition;
import io.github.notearchive.nightly.Disposition.Archived;
import io.github.notearchive.nightly.Disposition.Erased;
import io.github.notearchive.nightly.Disposition.Kept;
import io.github.notearchive.nightly.Disposition.Released;
import io.github.notearchive.nightly.WorkItem.ArchivedNote;
import io.github.notearchive.nightly.WorkItem.RefreshNote;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.provider.FetchOutcome;
import io.github.notearchive.provider.FetchOutcome.Blocked;
import io.github.notearchive.provider.FetchOutcome.Deferred;
import io.github.notearchive.provider.FetchOutcome.Exhausted;
import io.github.notearchive.provider.FetchOutcome.Found;
import io.github.notearchive.provider.FetchOutcome.Missing;
import io.github.notearchive.provider.FetchOutcome.Outstanding;
import io.github.notearchive.provider.FetchOutcome.Rejected;
import io.github.notearchive.provider.FetchOutcome.Unclaimed;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Processes notes that are archived: refreshes them, and tries better renditions. They keep their content. */
class ArchivedNoteProcessor {

    private static final Logger log = LoggerFactory.getLogger(NoteProcessor.class);

    private final NoteFetcher fetcher;
    private final RunHealth health;
    private final CallLedger ledger;
    private final ErasureList erasures;
    private final MediaCollector media;
    private final VideoFiles videos;
    private final PostponementPolicy retries;

    ArchivedNoteProcessor(
            NoteFetcher fetcher,
            RunHealth health,
            CallLedger ledger,
            ErasureList erasures,
            MediaCollector media,
            VideoFiles videos,
            PostponementPolicy retries) {
        this.fetcher = fetcher;
        this.health = health;
        this.ledger = ledger;
        this.erasures = erasures;
        this.media = media;
        this.videos = videos;
        this.retries = retries;
    }

    /**
     * Refreshes an archived note. The note keeps its content; only a confirmed absence changes its state. One fetch per
     * night.
     */
    Disposition refresh(RefreshNote note) throws InterruptedException {
        FetchOutcome outcome = fetcher.refresh(note);
        return switch (outcome) {
            case Found(var capture)
            when erasures.covers(capture.id(), NoteCatalog.authorOf(capture).orElse(null)) -> new Erased(note);
            case Found(var capture) -> archived(note, media.collect(capture, videos.known(capture)));
            case Missing(var reply, var certain) ->
                new Kept(note, retries.isAbsent(note, certain) ? retries.gone(reply) : retries.absentOnce(note, reply));
            case Rejected(var reply) -> {
                log.warn(
                        "Note {}: the provider rejected the request for a refresh, {}; it stays archived",
                        note.id(),
                        reply);
                yield new Kept(note, retries.rejectedRefresh(note, reply));
            }
            case Deferred(var reply, var cause) ->
                health.isOutage(reply, cause) || cause.isPause()
                        ? new Released(note, null, String.valueOf(reply))
                        : new Kept(
                                note,
                                retries.forRefresh(
                                        note, reply.code(), StateReason.PROVIDER_ERROR, reply.toString(), false));
            case Exhausted(var quota, var whose, var until)
            when whose == Exhausted.Whose.OURS_FOR_REFRESHES ->
                new Released(note, null, quota + " is used up until " + Night.local(until));
            case Exhausted exhausted -> new Released(note, null, health.stop(exhausted, "for a refresh: "));
            case Unclaimed _ -> new Released(note, null, NoteFetcher.CLAIM_LOST);
            case Outstanding call -> new Kept(note, retries.outstandingRefresh(note, call));
            case Blocked blocked -> new Released(note, null, health.stop(blocked, "for a refresh: "));
        };
    }

    /**
     * Decides about a note that stays archived. A file of the new response that is missing is retried while that
     * response is fresh.
     */
    private Disposition archived(WorkItem item, CollectionResult collected) throws InterruptedException {
        try {
            return stillArchived(item, collected);
        } catch (RuntimeException | InterruptedException e) {
            collected.files().close();
            throw e;
        }
    }

    private Disposition stillArchived(WorkItem item, CollectionResult collected) throws InterruptedException {
        health.watchHosts(collected);
        if (collected.noRoom()) {
            media.awaitRoom(collected);
            return new Archived(item, media.keep(collected).files(), retries.archivedWithoutRoom());
        }
        if (collected.isComplete()) {
            // URLs of an earlier night are tried once a night
            StateTransition transition = Optional.of(collected)
                    .filter(CollectionResult::retryBetter)
                    .filter(c -> ledger.isRecent(c.files().capture()))
                    .flatMap(c -> retries.forBetter(item, c.lesserDetail()))
                    .orElseGet(() -> retries.complete(collected));
            return new Archived(item, collected.files(), transition);
        }
        String detail = "a file of the response of "
                + collected.files().capture().capturedAt()
                + " is missing, "
                + collected.detail();
        log.warn("Note {}: stays archived, but {}", item.id(), detail);
        return new Archived(item, media.keep(collected).files(), retries.archivedWithout(collected, detail));
    }

    /**
     * Tries better renditions of an archived note, and files missing after a refresh, from existing responses. Buys
     * nothing.
     */
    Disposition upgrade(ArchivedNote item) throws InterruptedException {
        Optional<NoteCapture> detail =
                ledger.fresh(item.id()).or(() -> ledger.freshVideo(item.id()).flatMap(_ -> ledger.held(item.id())));
        return detail.isPresent()
                ? archived(item, media.collect(detail.get(), videos.known(detail.get())))
                : new Archived(item, null, PostponementPolicy.archived(null));
    }
}
