package io.github.notearchive.sandbox;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The provider's side of a call: what it costs, what comes back, and what is written down about it.
 */
final class DetailEndpoint implements LoopbackServer.Handler {

    private static final String PATH = "/api/xiaohongshu/get-note-detail/v1";
    private static final String JSON = "application/json";
    private static final Pattern NOTE_ID = Pattern.compile("[0-9a-f]{24}");
    private static final JsonMapper MAPPER = JsonMapper.shared();

    private final SandboxSettings settings;
    private final Chance chance;
    private final SyntheticNotes notes;
    private final SandboxScript script;
    private final CallLog log;
    private final Barrier barrier;
    private final RateLimit limit;
    private final Map<String, Integer> asks = new ConcurrentHashMap<>();

    DetailEndpoint(
            SandboxSettings settings,
            SyntheticNotes notes,
            SandboxScript script,
            CallLog log,
            Barrier barrier) {
        this.settings = settings;
        this.chance = new Chance(settings.seed());
        this.notes = notes;
        this.script = script;
        this.log = log;
        this.barrier = barrier;
        this.limit = new RateLimit(settings.callsPerSecond());
    }

    @Override
    public void handle(Exchange exchange) throws IOException, InterruptedException {
        Request request = exchange.request();
        if (request.path().equals("/ping")) {
            exchange.send(
                    200,
                    Map.of("Content-Type", "text/plain"),
                    "pong".getBytes(StandardCharsets.UTF_8));
        } else if (!request.path().equals(PATH)) {
            exchange.send(404, Map.of("Content-Type", JSON), coded(404, "", 0));
        } else {
            answer(exchange);
        }
    }

    private void answer(Exchange exchange) throws IOException, InterruptedException {
        Instant at = Instant.now();
        String noteId = exchange.request().parameter("noteId").orElse("");
        log.received(noteId);
        boolean known =
                exchange.request().parameter("token").filter(settings.token()::equals).isPresent();
        int ask = known ? asks.merge(noteId, 1, Integer::sum) : 0;
        Reply reply = known ? script.replyFor(noteId) : Reply.code(100);
        boolean inTime = limit.pass();
        barrier.pass();
        Thread.sleep(latency(noteId, ask).plus(reply.delay()));

        if (reply.delivery() == Reply.Delivery.HANG) {
            script.hangUntilReleased();
        }
        Answer answer =
                switch (reply.content()) {
                    case Reply.Usual _ -> usual(noteId, ask, inTime);
                    case Reply.Sold sold -> sold(noteId, ask, sold);
                    case Reply.Coded(int code, int status) ->
                            new Answer(code, status, JSON, coded(code, noteId, ask));
                    case Reply.Given given -> given(given);
                    case Reply.Nothing _ -> new Answer(CallSeen.NO_CODE, 0, JSON, new byte[0]);
                };
        log.done(at, noteId, answer.code, answer.httpStatus, answer.body);
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Content-Type", answer.contentType);
        headers.putAll(reply.headers());
        switch (reply.delivery()) {
            case WHOLE -> exchange.send(answer.httpStatus, headers, answer.body);
            case HALF -> exchange.sendHalf(answer.httpStatus, headers, answer.body);
            case RESET, HANG -> exchange.reset();
        }
    }

    private Answer usual(String noteId, int ask, boolean inTime) {
        if (!NOTE_ID.matcher(noteId).matches()) {
            return refusal(400, noteId, ask);
        }
        if (!inTime || chance.share("302", noteId, ask) < settings.fail302()) {
            return refusal(302, noteId, ask);
        }
        if (chance.share("301", noteId, ask) < settings.fail301()) {
            return refusal(301, noteId, ask);
        }
        double fate = chance.share("fate", noteId);
        if (fate < settings.missing()) {
            return refusal(201, noteId, ask);
        }
        if (fate >= 1 - settings.empty()) {
            return sold(
                    noteId,
                    ask,
                    new Reply.Sold(
                            envelope -> {
                                envelope.putArray("data");
                                return envelope;
                            },
                            200));
        }
        return sold(noteId, ask, new Reply.Sold(envelope -> envelope, 200));
    }

    private Answer sold(String noteId, int ask, Reply.Sold sold) {
        if (!script.takeGrant()) {
            return refusal(303, noteId, ask);
        }
        ObjectNode envelope = sold.change().apply(notes.envelope(noteId, ask));
        return new Answer(0, sold.httpStatus(), JSON, MAPPER.writeValueAsBytes(envelope));
    }

    private Answer given(Reply.Given given) {
        int code = codeIn(given.body());
        if (code == 0) {
            script.takeGrant();
        }
        return new Answer(code, given.httpStatus(), given.contentType(), given.body());
    }

    private Answer refusal(int code, String noteId, int ask) {
        return new Answer(code, Reply.statusOf(code), JSON, coded(code, noteId, ask));
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

    @SuppressWarnings("ArrayRecordComponent") // answers are never compared
    private record Answer(int code, int httpStatus, String contentType, byte[] body) {}
}
