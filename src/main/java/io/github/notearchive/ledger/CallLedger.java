package io.github.notearchive.ledger;

import io.github.notearchive.note.MediaSlots;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.source.AnswerReader;
import io.github.notearchive.source.Billed;
import io.github.notearchive.source.Endpoint;
import io.github.notearchive.source.JustOneApiClient;
import io.github.notearchive.source.NoteDetailClient;
import io.github.notearchive.source.NoteDetailOutcome;
import io.github.notearchive.source.NoteDetailOutcome.Found;
import io.github.notearchive.source.NoteDetailOutcome.Missing;
import io.github.notearchive.source.ProviderReply;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Primary;
import org.springframework.stereotype.Component;

/**
 * Answers from what is paid for already, and asks the provider only when it holds nothing that can
 * be used.
 *
 * <p>An answer that holds its note is used for {@code archive.ledger.reuse-for}, unless one of its
 * files was found dead at every address and a later night has begun. An answer without its note is
 * used in the night that bought it only: a later night is to ask again. A refresh uses what was
 * received since it was due, so that it is bought once as well.
 */
@Component
@Primary
public class CallLedger implements NoteDetailClient {

    private static final Logger log = LoggerFactory.getLogger(CallLedger.class);

    private final ApiCalls calls;
    private final JustOneApiClient provider;
    private final AnswerReader reader;
    private final LedgerProperties settings;
    private final Clock clock;

    public CallLedger(
            ApiCalls calls,
            JustOneApiClient provider,
            AnswerReader reader,
            LedgerProperties settings,
            Clock clock) {
        this.calls = calls;
        this.provider = provider;
        this.reader = reader;
        this.settings = settings;
        this.clock = clock;
    }

    @Override
    public NoteDetailOutcome fetch(NoteId id) throws InterruptedException {
        Optional<NoteDetailOutcome> held = reusable(id, Endpoint.DETAIL);
        return held.isPresent() ? held.get() : provider.fetch(id);
    }

    @Override
    public NoteDetailOutcome refresh(NoteId id, Instant since) throws InterruptedException {
        Optional<NoteDetailOutcome> held =
                calls.latestPaid(id, Endpoint.DETAIL, since).flatMap(paid -> reuse(id, paid));
        if (held.isPresent()) {
            return held.get();
        }
        // the time of an answer is its name, also where a clock was set back meanwhile
        Instant behindTheLast =
                calls.lastBought(id)
                        .map(last -> last.plusMillis(1))
                        .filter(next -> next.isAfter(since))
                        .orElse(since);
        return provider.refresh(id, behindTheLast);
    }

    @Override
    public NoteDetailOutcome fetchVideo(NoteCapture detail) throws InterruptedException {
        Optional<NoteDetailOutcome> held = reusable(detail.id(), Endpoint.VIDEO);
        return held.isPresent() ? held.get() : provider.fetchVideo(detail);
    }

    private Optional<NoteDetailOutcome> reusable(NoteId id, Endpoint endpoint) {
        return calls.latestPaid(id, endpoint, clock.instant().minus(settings.reuseFor()))
                .flatMap(paid -> reuse(id, paid));
    }

    /** The answer that {@link #fetch} would use again; empty where it would make a call. */
    public Optional<NoteCapture> fresh(NoteId id) {
        return fresh(id, Endpoint.DETAIL);
    }

    /** The answer that {@link #fetchVideo} would use again; empty where it would make a call. */
    public Optional<NoteCapture> freshVideo(NoteId id) {
        return fresh(id, Endpoint.VIDEO);
    }

    private Optional<NoteCapture> fresh(NoteId id, Endpoint endpoint) {
        return reusable(id, endpoint)
                .filter(Found.class::isInstance)
                .map(found -> ((Found) found).capture());
    }

    /** Until when a paid answer is used again. */
    public Instant freshUntil(NoteCapture capture) {
        return capture.capturedAt().plus(settings.reuseFor());
    }

    /**
     * The newest answer that is held and has its note in it, however old and whatever became of its
     * files. Makes no call.
     */
    public Optional<NoteCapture> held(NoteId id) {
        return held(id, Endpoint.DETAIL);
    }

    /**
     * The same of the answers that were bought for the note's video; empty where the answer about
     * it carries that itself.
     */
    public Optional<NoteCapture> heldVideo(NoteCapture detail) {
        return MediaSlots.lacksVideo(detail) ? held(detail.id(), Endpoint.VIDEO) : Optional.empty();
    }

    /**
     * Whether the newest answer of an earlier night that was bought for the note's video did not
     * hold the note. Makes no call.
     */
    public boolean wasVideoMissingBefore(NoteId id, Night tonight) {
        Optional<PaidAnswer> next = calls.latestPaid(id, Endpoint.VIDEO, Instant.EPOCH);
        while (next.isPresent() && !next.get().receivedAt().isBefore(tonight.begins())) {
            next = calls.latestPaid(id, Endpoint.VIDEO, Instant.EPOCH, next.get().call());
        }
        return next.flatMap(paid -> reader.read(paid.body(), id))
                .filter(answer -> answer.note().isEmpty())
                .isPresent();
    }

    private Optional<NoteCapture> held(NoteId id, Endpoint endpoint) {
        Optional<PaidAnswer> next = calls.latestPaid(id, endpoint, Instant.EPOCH);
        while (next.isPresent()) {
            PaidAnswer paid = next.get();
            Optional<AnswerReader.FoundNote> found =
                    reader.read(paid.body(), id).flatMap(AnswerReader.Answer::note);
            if (found.isPresent()) {
                return Optional.of(capture(id, paid, found.get()));
            }
            next = calls.latestPaid(id, endpoint, Instant.EPOCH, paid.call());
        }
        return Optional.empty();
    }

    private static NoteCapture capture(NoteId id, PaidAnswer paid, AnswerReader.FoundNote found) {
        return found.capture(id, paid.call(), paid.receivedAt(), paid.body());
    }

    private Optional<NoteDetailOutcome> reuse(NoteId id, PaidAnswer paid) {
        boolean ofTonight = Night.of(paid.receivedAt()).equals(Night.current(clock));
        Optional<AnswerReader.Answer> read = reader.read(paid.body(), id);
        if (read.isEmpty()) {
            log.warn(
                    "Note {}: the paid answer of call {} can no longer be read; it will be asked"
                            + " again",
                    id,
                    paid.call());
            return Optional.empty();
        }
        AnswerReader.Answer answer = read.get();
        if (answer.note().isPresent()) {
            NoteCapture capture = capture(id, paid, answer.note().get());
            return paid.mediaGone() && !ofTonight && settings.buyAgain()
                    ? Optional.empty()
                    : Optional.of(new Found(capture));
        }
        if (!ofTonight) {
            return Optional.empty();
        }
        ProviderReply reply =
                new ProviderReply(
                        answer.code(),
                        paid.httpStatus(),
                        answer.message(),
                        paid.requestId(),
                        Billed.YES);
        return Optional.of(new Missing(reply, answer.code() != 0));
    }
}
