package io.github.notearchive.archive.ledger;

import io.github.notearchive.archive.ledger.PaidResponses.PaidResponse;
import io.github.notearchive.archive.worklist.LedgerProperties;
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
import io.github.notearchive.provider.ResponseReader.Envelope;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
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
public final class CallLedger {

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
        return fetch(
                CallKind.NOTE, request, usedSince(), paid -> behind(paid.map(PaidResponse::receivedAt), Instant.MIN));
    }

    /**
     * Fetches an archived note again.
     *
     * @param since earliest time of a sufficient response; a new one is received then or later
     */
    public FetchOutcome refresh(FetchRequest request, Instant since) throws InterruptedException {
        return fetch(CallKind.REFRESH, request, since, _ -> behind(paidResponses.lastPaidAt(request.id()), since));
    }

    /**
     * Fetches the video of a video note whose response contains none.
     *
     * @param detail response without the video; a new one is received later
     */
    public FetchOutcome fetchVideo(FetchRequest request, NoteCapture detail) throws InterruptedException {
        return fetch(
                CallKind.VIDEO, request, usedSince(), _ -> detail.capturedAt().plusMillis(1));
    }

    /**
     * Uses a stored response, or calls the provider.
     *
     * @param since earliest time of a stored response
     * @param notBefore earliest time of a new response, by the newest stored one
     */
    private FetchOutcome fetch(
            CallKind kind, FetchRequest request, Instant since, Function<Optional<PaidResponse>, Instant> notBefore)
            throws InterruptedException {
        if (!request.hasCalls()) {
            return provider.fetch(kind, request, notBefore.apply(Optional.empty()));
        }
        // before the stored responses are read, since a response may arrive in between
        var outstanding = calls.outstanding(request.id(), kind.endpoint(), clock.instant());
        Optional<PaidResponse> paid = paidResponses.latestPaid(request.id(), kind.endpoint(), since);
        Optional<FetchOutcome> known =
                paid.flatMap(stored -> reuse(request, stored)).or(() -> outstanding);
        return known.isPresent() ? known.get() : provider.fetch(kind, request, notBefore.apply(paid));
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

    /** Returns the newest response with the note or video that a fetch would use. Makes no call. */
    public Optional<NoteCapture> fresh(NoteId id, Endpoint endpoint) {
        return held(id, endpoint, usedSince())
                .filter(held -> !isReplaceable(held.paid()))
                .map(StoredCapture::capture);
    }

    public Instant freshUntil(NoteCapture capture) {
        return capture.capturedAt().plus(settings.reuseFor());
    }

    /** Returns the newest stored response with the note or video, regardless of its age and files. Makes no call. */
    public Optional<NoteCapture> held(NoteId id, Endpoint endpoint) {
        return held(id, endpoint, Instant.EPOCH).map(StoredCapture::capture);
    }

    /** Returns the newest stored response with the video; empty if the detail response contains it. Makes no call. */
    public Optional<NoteCapture> heldVideo(NoteCapture detail) {
        return MediaSlots.lacksVideo(detail) ? held(detail.id(), Endpoint.VIDEO) : Optional.empty();
    }

    private Optional<StoredCapture> held(NoteId id, Endpoint endpoint, Instant since) {
        return newestFirst(paidResponses.latestPaid(id, endpoint, since), id, endpoint, since)
                .flatMap(paid -> ResponseReader.read(paid.body(), id)
                        .flatMap(Envelope::note)
                        .map(found -> new StoredCapture(paid, capture(id, paid, found)))
                        .stream())
                .findFirst();
    }

    private record StoredCapture(PaidResponse paid, NoteCapture capture) {}

    /** Returns a response and the earlier ones since a time, which are read on demand. */
    private Stream<PaidResponse> newestFirst(
            Optional<PaidResponse> newest, NoteId id, Endpoint endpoint, Instant since) {
        return Stream.iterate(
                        newest,
                        Optional::isPresent,
                        last -> paidResponses.latestPaid(
                                id, endpoint, since, last.orElseThrow().number()))
                .map(Optional::orElseThrow);
    }

    /**
     * Returns whether the newest response of an earlier night lacked the note or video. Earlier means before
     * {@code tonight} and before the night of the newest response: the run may have passed midnight, and a response
     * does not confirm itself. Makes no call.
     */
    public boolean wasMissingBefore(NoteId id, Endpoint endpoint, Night tonight) {
        Optional<PaidResponse> newest = paidResponses.latestPaid(id, endpoint, Instant.EPOCH);
        Instant begins = newest.map(paid -> Night.of(paid.receivedAt()).begins())
                .filter(tonight.begins()::isAfter)
                .orElse(tonight.begins());
        return newestFirst(newest, id, endpoint, Instant.EPOCH)
                .dropWhile(paid -> !paid.receivedAt().isBefore(begins))
                .findFirst()
                .flatMap(paid -> ResponseReader.read(paid.body(), id))
                .filter(content -> content.note().isEmpty())
                .isPresent();
    }

    private static NoteCapture capture(NoteId id, PaidResponse paid, ResponseReader.FoundNote found) {
        return found.capture(id, paid.number(), paid.receivedAt(), paid.body());
    }

    /** Returns whether URLs of the response have expired and a new one is to be bought. */
    private boolean isReplaceable(PaidResponse paid) {
        boolean isExpired = paid.call().facts().mediaGoneAt() != null;
        return isExpired && !isRecent(paid.receivedAt()) && settings.buyAgain();
    }

    private Optional<FetchOutcome> reuse(FetchRequest request, PaidResponse paid) {
        NoteId id = request.id();
        Optional<Envelope> read = ResponseReader.read(paid.body(), id);
        if (read.isEmpty()) {
            log.warn(
                    "Note {}: the paid response of call {} is no longer readable and will be fetched again",
                    id,
                    paid.number());
            return Optional.empty();
        }
        Envelope content = read.get();
        if (content.note().isPresent()) {
            return isReplaceable(paid)
                    ? Optional.empty()
                    : Optional.of(new Found(capture(id, paid, content.note().get())));
        }
        boolean certain = !ProviderCode.SUCCESS.is(content.code());
        boolean isUndecided = request.settledAt() == null || request.settledAt().isBefore(paid.receivedAt());
        if (!isOfTonight(paid.receivedAt()) && !(certain && isUndecided)) {
            return Optional.empty();
        }
        var facts = paid.call().facts();
        var reply =
                new ProviderReply(content.code(), facts.httpStatus(), content.message(), facts.requestId(), Billed.YES);
        return Optional.of(new Missing(reply, certain));
    }
}
