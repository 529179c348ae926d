package io.github.notearchive.archive.ledger;

import io.github.notearchive.archive.ledger.PaidResponses.PaidResponse;
import io.github.notearchive.note.Billed;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.MediaSlots;
import io.github.notearchive.note.Night;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.note.ProviderCode;
import io.github.notearchive.provider.CallKind;
import io.github.notearchive.provider.FetchOutcome;
import io.github.notearchive.provider.FetchOutcome.Found;
import io.github.notearchive.provider.FetchOutcome.Missing;
import io.github.notearchive.provider.FetchRequest;
import io.github.notearchive.provider.JustOneApiClient;
import io.github.notearchive.provider.ProviderReply;
import io.github.notearchive.provider.ResponseReader;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Note client that returns a stored paid response where it can be used and otherwise calls the provider.
 *
 * <p>A response with the note is used for {@code archive.ledger.reuse-for}, unless all URLs of one of its files have
 * expired and the response is no longer {@link #isRecent}. A response without the note is used only in the night of its
 * call, since a later night has to confirm it. A definite "not found" is also used later, as long as no decision was
 * based on it. A refresh uses responses received since it was due, so that it is paid once.
 */
@Component
public class CallLedger {

    private static final Logger log = LoggerFactory.getLogger(CallLedger.class);

    /** Age up to which expired URLs do not count as those of an old response. */
    private static final Duration RECENT = Duration.ofHours(1);

    private final CallRepository calls;
    private final PaidResponses paidResponses;
    private final JustOneApiClient provider;
    private final LedgerProperties settings;
    private final Clock clock;

    CallLedger(
            CallRepository calls,
            PaidResponses paidResponses,
            JustOneApiClient provider,
            LedgerProperties settings,
            Clock clock) {
        this.calls = calls;
        this.paidResponses = paidResponses;
        this.provider = provider;
        this.settings = settings;
        this.clock = clock;
    }

    /** Fetches a note; throws as {@link JustOneApiClient#fetch}, like the next two methods. */
    public FetchOutcome fetch(FetchRequest request) throws InterruptedException {
        Optional<FetchOutcome> outstanding = outstanding(request, Endpoint.DETAIL);
        Optional<PaidResponse> paid = newest(request.id(), Endpoint.DETAIL);
        Optional<FetchOutcome> held = paid.flatMap(stored -> reuse(request, stored));
        Optional<FetchOutcome> known = held.or(() -> outstanding);
        return known.isPresent()
                ? known.get()
                : provider.fetch(CallKind.NOTE, request, behind(paid.map(PaidResponse::receivedAt), Instant.MIN));
    }

    /** Has to run before the stored responses are read, since a response may arrive in between. */
    private Optional<FetchOutcome> outstanding(FetchRequest request, Endpoint endpoint) {
        return calls.outstanding(request.id(), endpoint, clock.instant()).map(FetchOutcome.class::cast);
    }

    /**
     * Fetches an archived note again.
     *
     * @param since earliest time of a sufficient response; a new one is received then or later
     */
    public FetchOutcome refresh(FetchRequest request, Instant since) throws InterruptedException {
        NoteId id = request.id();
        Optional<FetchOutcome> outstanding = outstanding(request, Endpoint.DETAIL);
        Optional<FetchOutcome> known = paidResponses
                .latestPaid(id, Endpoint.DETAIL, since)
                .flatMap(paid -> reuse(request, paid))
                .or(() -> outstanding);
        return known.isPresent()
                ? known.get()
                : provider.fetch(CallKind.REFRESH, request, behind(paidResponses.lastPaidAt(id), since));
    }

    /**
     * Fetches the video of a video note whose response contains none.
     *
     * @param detail response without the video; a new one is received later
     */
    public FetchOutcome fetchVideo(FetchRequest request, NoteCapture detail) throws InterruptedException {
        Optional<FetchOutcome> outstanding = outstanding(request, Endpoint.VIDEO);
        Optional<FetchOutcome> known = newest(request.id(), Endpoint.VIDEO)
                .flatMap(paid -> reuse(request, paid))
                .or(() -> outstanding);
        return known.isPresent()
                ? known.get()
                : provider.fetch(CallKind.VIDEO, request, detail.capturedAt().plusMillis(1));
    }

    private Optional<PaidResponse> newest(NoteId id, Endpoint endpoint) {
        return paidResponses.latestPaid(id, endpoint, usedSince());
    }

    /** Receive times identify responses, so a new one is later than the last, even if the clock was set back. */
    private static Instant behind(Optional<Instant> last, Instant notBefore) {
        return last.map(time -> time.plusMillis(1))
                .filter(next -> next.isAfter(notBefore))
                .orElse(notBefore);
    }

    private Instant usedSince() {
        return clock.instant().minus(settings.reuseFor());
    }

    /**
     * Returns whether another response could not have better URLs: this one was received in this night, or in the hour
     * before. The hour covers responses from just before midnight.
     */
    public boolean isRecent(NoteCapture capture) {
        return isRecent(capture.capturedAt());
    }

    private boolean isRecent(Instant receivedAt) {
        return isOfTonight(receivedAt) || receivedAt.isAfter(clock.instant().minus(RECENT));
    }

    /** A response of a later night was received before the clock was set back. */
    private boolean isOfTonight(Instant receivedAt) {
        return Night.of(receivedAt).compareTo(Night.current(clock)) >= 0;
    }

    /** Returns the newest response with the note that {@link #fetch} would use. Makes no call. */
    public Optional<NoteCapture> fresh(NoteId id) {
        return fresh(id, Endpoint.DETAIL);
    }

    /** Returns the newest response with the video that {@link #fetchVideo} would use. Makes no call. */
    public Optional<NoteCapture> freshVideo(NoteId id) {
        return fresh(id, Endpoint.VIDEO);
    }

    private Optional<NoteCapture> fresh(NoteId id, Endpoint endpoint) {
        return held(id, endpoint, usedSince())
                .filter(held -> !isReplaceable(held.paid()))
                .map(Held::capture);
    }

    /** Returns the time until which a response is reused. */
    public Instant freshUntil(NoteCapture capture) {
        return capture.capturedAt().plus(settings.reuseFor());
    }

    /**
     * Returns the newest stored response that contains the note, regardless of its age and of its files. Makes no call.
     */
    public Optional<NoteCapture> held(NoteId id) {
        return held(id, Endpoint.DETAIL);
    }

    /**
     * Returns the newest stored response to a video call; empty if the detail response contains the video. Makes no
     * call.
     */
    public Optional<NoteCapture> heldVideo(NoteCapture detail) {
        return MediaSlots.lacksVideo(detail) ? held(detail.id(), Endpoint.VIDEO) : Optional.empty();
    }

    /**
     * Returns whether the newest response of an earlier night lacked the note. Earlier means before {@code tonight} and
     * before the night of the newest response: the run may have passed midnight, and a response does not confirm
     * itself. Makes no call.
     */
    public boolean wasMissingBefore(NoteId id, Night tonight) {
        return wasMissingBefore(id, Endpoint.DETAIL, tonight);
    }

    /** As {@link #wasMissingBefore}, for responses to video calls. */
    public boolean wasVideoMissingBefore(NoteId id, Night tonight) {
        return wasMissingBefore(id, Endpoint.VIDEO, tonight);
    }

    private boolean wasMissingBefore(NoteId id, Endpoint endpoint, Night tonight) {
        Optional<PaidResponse> next = paidResponses.latestPaid(id, endpoint, Instant.EPOCH);
        Instant begins = next.map(newest -> Night.of(newest.receivedAt()).begins())
                .filter(tonight.begins()::isAfter)
                .orElse(tonight.begins());
        while (next.isPresent() && !next.get().receivedAt().isBefore(begins)) {
            next = paidResponses.latestPaid(
                    id, endpoint, Instant.EPOCH, next.get().number());
        }
        return next.flatMap(paid -> ResponseReader.read(paid.body(), id))
                .filter(content -> content.note().isEmpty())
                .isPresent();
    }

    private Optional<NoteCapture> held(NoteId id, Endpoint endpoint) {
        return held(id, endpoint, Instant.EPOCH).map(Held::capture);
    }

    /** Returns the newest response since a time that contains the note. */
    private Optional<Held> held(NoteId id, Endpoint endpoint, Instant since) {
        Optional<PaidResponse> next = paidResponses.latestPaid(id, endpoint, since);
        while (next.isPresent()) {
            PaidResponse paid = next.get();
            Optional<ResponseReader.FoundNote> found =
                    ResponseReader.read(paid.body(), id).flatMap(ResponseReader.Envelope::note);
            if (found.isPresent()) {
                return Optional.of(new Held(paid, capture(id, paid, found.get())));
            }
            next = paidResponses.latestPaid(id, endpoint, since, paid.number());
        }
        return Optional.empty();
    }

    private record Held(PaidResponse paid, NoteCapture capture) {}

    private static NoteCapture capture(NoteId id, PaidResponse paid, ResponseReader.FoundNote found) {
        return found.capture(id, paid.number(), paid.receivedAt(), paid.body());
    }

    /** Returns whether URLs of the response have expired and a new one is to be bought. */
    private boolean isReplaceable(PaidResponse paid) {
        return paid.mediaGone() && !isRecent(paid.receivedAt()) && settings.buyAgain();
    }

    private Optional<FetchOutcome> reuse(FetchRequest request, PaidResponse paid) {
        NoteId id = request.id();
        Optional<ResponseReader.Envelope> read = ResponseReader.read(paid.body(), id);
        if (read.isEmpty()) {
            log.warn(
                    "Note {}: the paid response of call {} is no longer readable and will be fetched again",
                    id,
                    paid.number());
            return Optional.empty();
        }
        ResponseReader.Envelope content = read.get();
        if (content.note().isPresent()) {
            return isReplaceable(paid)
                    ? Optional.empty()
                    : Optional.of(new Found(capture(id, paid, content.note().get())));
        }
        boolean certain = !ProviderCode.SUCCESS.is(content.code());
        if (!isOfTonight(paid.receivedAt()) && !(certain && !request.isDecidedSince(paid.receivedAt()))) {
            return Optional.empty();
        }
        PaidCall.Facts facts = paid.call().facts();
        ProviderReply reply =
                new ProviderReply(content.code(), facts.httpStatus(), content.message(), facts.requestId(), Billed.YES);
        return Optional.of(new Missing(reply, certain));
    }
}
