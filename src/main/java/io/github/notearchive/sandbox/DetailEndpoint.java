package io.github.notearchive.sandbox;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The provider's side of a call: what it costs, what comes back, and what is written down about it. */
final class DetailEndpoint implements LoopbackServer.Handler {

    static final String PATH = "/api/xiaohongshu/get-note-detail/v1";
    static final String VIDEO_PATH = "/api/xiaohongshu/get-note-detail/v6";
    private static final String JSON = "application/json";
    private static final Pattern NOTE_ID = Pattern.compile("[0-9a-f]{24}");
    private static final JsonMapper MAPPER = JsonMapper.shared();

    private final SandboxSettings settings;
    private final Chance chance;
    private final SyntheticNotes notes;
    private final SandboxScript script;
    private final CallLog log;
    private final CallLog videoLog;
    private final Barrier barrier;
    private final RateLimit limit;
    private final Map<String, Integer> asks = new ConcurrentHashMap<>();
    private final Map<String, Integer> videoAsks = new ConcurrentHashMap<>();

    DetailEndpoint(
            SandboxSettings settings,
            SyntheticNotes notes,
            SandboxScript script,
            CallLog log,
            CallLog videoLog,
            Barrier barrier) {
        this.settings = settings;
        this.chance = new Chance(settings.seed());
        this.notes = notes;
        this.script = script;
        this.log = log;
        this.videoLog = videoLog;
        this.barrier = barrier;
        this.limit = new RateLimit(settings.callsPerSecond());
    }

    @Override
    public void handle(Exchange exchange) throws IOException, InterruptedException {
        Request request = exchange.request();
        if (request.path().equals("/ping")) {
            exchange.send(
                    200,
                    Map.of(
                            "Content-Type",
                            "text/plain",
                            "Date",
                            DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC))),
                    "pong".getBytes(StandardCharsets.UTF_8));
        } else if (request.path().equals(PATH)) {
            answer(exchange, false);
        } else if (request.path().equals(VIDEO_PATH)) {
            answer(exchange, true);
        } else {
            exchange.send(404, Map.of("Content-Type", JSON), coded(404, "", 0));
        }
    }

    private void answer(Exchange exchange, boolean video) throws IOException, InterruptedException {
        Instant at = Instant.now();
        String noteId = exchange.request().parameter("noteId").orElse("");
        CallLog counted = video ? videoLog : log;
        counted.received(noteId);
        boolean known = exchange.request()
                .parameter("token")
                .filter(settings.token()::equals)
                .isPresent();
        int number = known ? (video ? videoAsks : asks).merge(noteId, 1, Integer::sum) : 0;
        Ask ask = new Ask(noteId, number, video);
        Reply reply = !known ? Reply.code(100) : video ? script.videoReplyFor(noteId) : script.replyFor(noteId);
        boolean inTime = limit.pass();
        barrier.pass();
        Thread.sleep(latency(noteId, number).plus(reply.delay()));

        if (reply.delivery() == Reply.Delivery.HANG) {
            script.hangUntilReleased();
        }
        Answer answer = switch (reply.content()) {
            case Reply.Usual _ -> usual(ask, inTime);
            case Reply.Sold sold -> sold(ask, sold);
            case Reply.Coded(int code, int status) -> new Answer(code, status, JSON, coded(code, noteId, number));
            case Reply.Given given -> given(given, video);
            case Reply.Nothing _ -> new Answer(CallSeen.NO_CODE, 0, JSON, new byte[0]);
        };
        counted.done(at, noteId, answer.code, answer.httpStatus, answer.body);
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Content-Type", answer.contentType);
        headers.putAll(reply.headers());
        switch (reply.delivery()) {
            case WHOLE -> exchange.send(answer.httpStatus, headers, answer.body);
            case HALF -> exchange.sendHalf(answer.httpStatus, headers, answer.body);
            case TWICE -> exchange.sendTwice(answer.httpStatus, headers, answer.body, Duration.ZERO);
            case RESET, HANG -> exchange.reset();
        }
    }

    private Answer usual(Ask ask, boolean inTime) {
        String noteId = ask.noteId;
        if (!NOTE_ID.matcher(noteId).matches()) {
            return refusal(400, ask);
        }
        if (!inTime || chance.share(ask.mishap("302"), noteId, ask.number) < settings.fail302()) {
            return refusal(302, ask);
        }
        if (chance.share(ask.mishap("301"), noteId, ask.number) < settings.fail301()) {
            return refusal(301, ask);
        }
        double fate = chance.share("fate", noteId);
        if (fate < settings.missing()) {
            return refusal(201, ask);
        }
        if (fate >= 1 - settings.empty()) {
            return sold(
                    ask,
                    new Reply.Sold(
                            envelope -> {
                                envelope.putArray("data");
                                return envelope;
                            },
                            200));
        }
        return sold(ask, new Reply.Sold(envelope -> envelope, 200));
    }

    private Answer sold(Ask ask, Reply.Sold sold) {
        if (!(ask.video ? script.takeVideoGrant() : script.takeGrant())) {
            return refusal(303, ask);
        }
        ObjectNode whole =
                ask.video ? notes.videoEnvelope(ask.noteId, ask.number) : notes.envelope(ask.noteId, ask.number);
        ObjectNode envelope = sold.change().apply(whole);
        return new Answer(0, sold.httpStatus(), JSON, MAPPER.writeValueAsBytes(envelope));
    }

    private Answer given(Reply.Given given, boolean video) {
        int code = codeIn(given.body());
        if (code == 0) {
            boolean _ = video ? script.takeVideoGrant() : script.takeGrant();
        }
        return new Answer(code, given.httpStatus(), given.contentType(), given.body());
    }

    private Answer refusal(int code, Ask ask) {
        return new Answer(code, Reply.statusOf(code), JSON, coded(code, ask.noteId, ask.number));
    }

    private byte[] coded(int code, String noteId, int ask) {
        return MAPPER.writeValueAsBytes(notes.refusal(code, noteId, ask));
    }

    private Duration latency(String noteId, int ask) {
        if (settings.latencySpread() == 0) {
            return settings.latency();
        }
        double deviation = chance.random("latency", noteId, ask).nextGaussian();
        double factor = Math.exp(deviation * settings.latencySpread());
        return Duration.ofNanos((long) (settings.latency().toNanos() * factor));
    }

    private static int codeIn(byte[] body) {
        try {
            JsonNode code = MAPPER.readTree(body).path("code");
            return code.asInt(CallSeen.NO_CODE);
        } catch (JacksonException e) {
            return CallSeen.NO_CODE;
        }
    }

    /** Which time this is that a note is asked about, and by which question. */
    private record Ask(String noteId, int number, boolean video) {

        /** Mishaps strike the two questions apart from each other. */
        String mishap(String code) {
            return video ? code + " video" : code;
        }
    }

    @SuppressWarnings("ArrayRecordComponent") // answers are never compared
    private record Answer(int code, int httpStatus, String contentType, byte[] body) {}
}
