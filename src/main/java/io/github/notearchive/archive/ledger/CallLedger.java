package io.github.notearchive.archive.ledger;

import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.MediaSlots;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.provider.FetchOutcome;
import io.github.notearchive.provider.FetchOutcome.Found;
import io.github.notearchive.provider.FetchOutcome.Missing;
import io.github.notearchive.provider.FetchOutcome.Outstanding;
import io.github.notearchive.provider.FetchRequest;
import io.github.notearchive.provider.JustOneApiClient;
import io.github.notearchive.provider.NoteClient;
import io.github.notearchive.provider.ProviderReply;
import io.github.notearchive.provider.ResponseReader;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Primary;
import org.springframework.stereotype.Component;

/**
 * Answers from what is paid for already, and asks the provider only when it holds nothing that can be used.
 *
 * <p>An answer that holds its note is used for {@code archive.ledger.reuse-for}, unless one of its files was found dead
 * at every address and the answer is no longer {@link #isRecent}. An answer without its note is used in the night that
 * bought it only, since a later night is to ask again; one that says for certain that there is no note also later, as
 * long as nothing was decided by it. A refresh uses what was received since it was due, so that it is bought once as
 * well.
 */
@Component
@Primary
public class CallLedger implements NoteClient {

    private static final Logger log = LoggerFactory.getLogger(CallLedger.class);

    /** So long after it was received an answer's dead addresses are not yet those of an old one. */
    private static final Duration RECENT = Duration.ofHours(1);

    private final CallRepository calls;
    private final PaidResponses answers;
    private final JustOneApiClient provider;
    private final ResponseReader reader;
    private final LedgerProperties settings;
    private final Clock clock;

    public CallLedger(
            CallRepository calls,
            PaidResponses answers,
            JustOneApiClient provider,
            ResponseReader reader,
            LedgerProperties settings,
            Clock clock) {
        this.calls = calls;
        this.answers = answers;
        this.provider = provider;
        this.reader = reader;
        this.settings = settings;
        this.clock = clock;
    }

    @Override
    public FetchOutcome fetch(FetchRequest inquiry) throws InterruptedException {
        Optional<FetchOutcome> outstanding = outstanding(inquiry, Endpoint.DETAIL);
        Optional<PaidResponse> paid = newest(inquiry.id(), Endpoint.DETAIL);
        Optional<FetchOutcome> held = paid.flatMap(answer -> reuse(inquiry, answer));
        Optional<FetchOutcome> known = held.or(() -> outstanding);
        return known.isPresent()
                ? known.get()
                : provider.fetch(inquiry, behind(paid.map(PaidResponse::receivedAt), Instant.MIN));
    }

    /** Asked before the answers that are held, since a response may arrive in between. */
    private Optional<FetchOutcome> outstanding(FetchRequest inquiry, Endpoint endpoint) {
        return calls.outstanding(inquiry.id(), endpoint, clock.instant()).map(Outstanding::new);
    }

    @Override
    public FetchOutcome refresh(FetchRequest inquiry, Instant since) throws InterruptedException {
        NoteId id = inquiry.id();
        Optional<FetchOutcome> outstanding = outstanding(inquiry, Endpoint.DETAIL);
        Optional<FetchOutcome> known = answers.latestPaid(id, Endpoint.DETAIL, since)
                .flatMap(paid -> reuse(inquiry, paid))
                .or(() -> outstanding);
        return known.isPresent() ? known.get() : provider.refresh(inquiry, behind(answers.lastBought(id), since));
    }

    @Override
    public FetchOutcome fetchVideo(FetchRequest inquiry, NoteCapture detail) throws InterruptedException {
        Optional<FetchOutcome> outstanding = outstanding(inquiry, Endpoint.VIDEO);
        Optional<FetchOutcome> known = newest(inquiry.id(), Endpoint.VIDEO)
                .flatMap(paid -> reuse(inquiry, paid))
                .or(() -> outstanding);
        return known.isPresent() ? known.get() : provider.fetchVideo(inquiry, detail);
    }

    private Optional<PaidResponse> newest(NoteId id, Endpoint endpoint) {
        return answers.latestPaid(id, endpoint, usedSince());
    }

    /** The time of an answer is its name, also where a clock was set back meanwhile. */
    private static Instant behind(Optional<Instant> last, Instant notBefore) {
        return last.map(time -> time.plusMillis(1))
                .filter(next -> next.isAfter(notBefore))
                .orElse(notBefore);
    }

    private Instant usedSince() {
        return clock.instant().minus(settings.reuseFor());
    }

    /**
     * Whether an answer is so new that another one could not have better addresses: it was received in this night, by
     * whatever clock, or in the hour before. That midnight has just passed makes no address old.
     */
    public boolean isRecent(NoteCapture answer) {
        return isRecent(answer.capturedAt());
    }

    private boolean isRecent(Instant receivedAt) {
        return isOfTonight(receivedAt) || receivedAt.isAfter(clock.instant().minus(RECENT));
    }

    /** One of a later night was received before the clock was set back. */
    private boolean isOfTonight(Instant receivedAt) {
        return Night.of(receivedAt).compareTo(Night.current(clock)) >= 0;
    }

    /** The newest answer with the note in it that {@link #fetch} would use; makes no call. */
    public Optional<NoteCapture> fresh(NoteId id) {
        return fresh(id, Endpoint.DETAIL);
    }

    /** The newest answer with the video in it that {@link #fetchVideo} would use; makes no call. */
    public Optional<NoteCapture> freshVideo(NoteId id) {
        return fresh(id, Endpoint.VIDEO);
    }

    private Optional<NoteCapture> fresh(NoteId id, Endpoint endpoint) {
        return held(id, endpoint, usedSince())
                .filter(held -> !isGivenUp(held.paid()))
                .map(Held::capture);
    }

    /** Until when a paid answer is used again. */
    public Instant freshUntil(NoteCapture capture) {
        return capture.capturedAt().plus(settings.reuseFor());
    }

    /**
     * The newest answer that is held and has its note in it, however old and whatever became of its files. Makes no
     * call.
     */
    public Optional<NoteCapture> held(NoteId id) {
        return held(id, Endpoint.DETAIL);
    }

    /**
     * The same of the answers that were bought for the note's video; empty where the answer about it carries that
     * itself.
     */
    public Optional<NoteCapture> heldVideo(NoteCapture detail) {
        return MediaSlots.lacksVideo(detail) ? held(detail.id(), Endpoint.VIDEO) : Optional.empty();
    }

    /**
     * Whether the newest answer of an earlier night that was bought about the note did not hold it: earlier than this
     * one, and than that of the newest answer, which midnight may have overtaken and which is no evidence for itself.
     * Makes no call.
     */
    public boolean wasMissingBefore(NoteId id, Night tonight) {
        return wasMissingBefore(id, Endpoint.DETAIL, tonight);
    }

    /** The same of the answers that were bought for its video. */
    public boolean wasVideoMissingBefore(NoteId id, Night tonight) {
        return wasMissingBefore(id, Endpoint.VIDEO, tonight);
    }

    private boolean wasMissingBefore(NoteId id, Endpoint endpoint, Night tonight) {
        Optional<PaidResponse> next = answers.latestPaid(id, endpoint, Instant.EPOCH);
        Instant begins = next.map(newest -> Night.of(newest.receivedAt()).begins())
                .filter(tonight.begins()::isAfter)
                .orElse(tonight.begins());
        while (next.isPresent() && !next.get().receivedAt().isBefore(begins)) {
            next = answers.latestPaid(id, endpoint, Instant.EPOCH, next.get().call());
        }
        return next.flatMap(paid -> reader.read(paid.body(), id))
                .filter(answer -> answer.note().isEmpty())
                .isPresent();
    }

    private Optional<NoteCapture> held(NoteId id, Endpoint endpoint) {
        return held(id, endpoint, Instant.EPOCH).map(Held::capture);
    }

    /** The newest answer since then that has its note in it. */
    private Optional<Held> held(NoteId id, Endpoint endpoint, Instant since) {
        Optional<PaidResponse> next = answers.latestPaid(id, endpoint, since);
        while (next.isPresent()) {
            PaidResponse paid = next.get();
            Optional<ResponseReader.FoundNote> found =
                    reader.read(paid.body(), id).flatMap(ResponseReader.Answer::note);
            if (found.isPresent()) {
                return Optional.of(new Held(paid, capture(id, paid, found.get())));
            }
            next = answers.latestPaid(id, endpoint, since, paid.call());
        }
        return Optional.empty();
    }

    private record Held(PaidResponse paid, NoteCapture capture) {}

    private static NoteCapture capture(NoteId id, PaidResponse paid, ResponseReader.FoundNote found) {
        return found.capture(id, paid.call(), paid.receivedAt(), paid.body());
    }

    /** Whether files of it were dead, and a new answer is to be bought in its place. */
    private boolean isGivenUp(PaidResponse paid) {
        return paid.mediaGone() && !isRecent(paid.receivedAt()) && settings.buyAgain();
    }

    private Optional<FetchOutcome> reuse(FetchRequest inquiry, PaidResponse paid) {
        NoteId id = inquiry.id();
        Optional<ResponseReader.Answer> read = reader.read(paid.body(), id);
        if (read.isEmpty()) {
            log.warn(
                    "Note {}: the paid answer of call {} can no longer be read; it will be asked" + " again",
                    id,
                    paid.call());
            return Optional.empty();
        }
        ResponseReader.Answer answer = read.get();
        if (answer.note().isPresent()) {
            return isGivenUp(paid)
                    ? Optional.empty()
                    : Optional.of(new Found(capture(id, paid, answer.note().get())));
        }
        boolean certain = !ProviderCode.SUCCESS.is(answer.code());
        if (!isOfTonight(paid.receivedAt()) && !(certain && !inquiry.isDecidedSince(paid.receivedAt()))) {
            return Optional.empty();
        }
        ProviderReply reply =
                new ProviderReply(answer.code(), paid.httpStatus(), answer.message(), paid.requestId(), Billed.YES);
        return Optional.of(new Missing(reply, certain));
    }
}
