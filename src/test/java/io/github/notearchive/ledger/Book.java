package io.github.notearchive.ledger;

import static io.github.notearchive.ledger.Book.ALL;
import static io.github.notearchive.ledger.Book.ANSWER;
import static io.github.notearchive.ledger.Book.ID;
import static io.github.notearchive.ledger.Book.PAID;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.source.AnswerMemory;
import io.github.notearchive.source.Billed;
import io.github.notearchive.source.CallLimits;
import io.github.notearchive.source.Endpoint;
import io.github.notearchive.source.Inquiry;
import io.github.notearchive.source.ProviderReply;
import io.github.notearchive.source.SentCall;
import io.github.notearchive.source.WrittenCall;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import javax.sql.DataSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;

/** The ledger in an empty database, and the calls about one note that are written into it. */
final class Book {

    static final NoteId ID = new NoteId("66aa00000000000000000001");
    static final Instant NOW = Instant.parse("2026-11-25T14:00:00.123Z");
    static final byte[] ANSWER = "{\"code\":0, \"x\":\"\u0000\uFFFD\"}".getBytes(StandardCharsets.UTF_8);

    static final ProviderReply PAID = new ProviderReply(0, 200, null, "r-1", Billed.YES);

    /** Limits that no test reaches, so that every call is counted. */
    static final CallLimits ALL = new CallLimits(1_000, 1_000, 1_000);

    final ArchiveDatabase database = ArchiveDatabase.emptied();
    final UnwrittenAnswers unwritten;
    final ApiCalls calls;
    final CallHistory history = new CallHistory(database.jdbc());
    final PaidAnswers answers = new PaidAnswers(database.jdbc(), new AnswerMemory(), database.transactions());
    final CallTotals totals = new CallTotals(database.jdbc());

    /** @param directory for the answers that the database does not take */
    Book(Path directory) {
        unwritten = new UnwrittenAnswers(directory);
        calls = ofAnotherNode();
    }

    ApiCalls ofAnotherNode() {
        return over(database.dataSource());
    }

    /** A node that writes into the same book in its own way. */
    ApiCalls over(DataSource way) {
        return calls(way, unwritten);
    }

    /** One that keeps its files in another place. */
    static ApiCalls calls(DataSource way, UnwrittenAnswers files) {
        JdbcClient jdbc = JdbcClient.create(way);
        JdbcTransactionManager transactions = new JdbcTransactionManager(way);
        return new ApiCalls(jdbc, way, transactions, files, new PaidAnswers(jdbc, new AnswerMemory(), transactions));
    }

    Inquiry claimed(NoteId id) {
        return Claims.of(database, id);
    }

    SentCall sent(NoteId id, Endpoint endpoint, Instant at, boolean refresh) {
        return sent(calls, id, endpoint, at, refresh);
    }

    SentCall sent(ApiCalls node, NoteId id, Endpoint endpoint, Instant at, boolean refresh) {
        return sent(node, claimed(id), endpoint, at, refresh);
    }

    private static SentCall sent(ApiCalls node, Inquiry note, Endpoint endpoint, Instant at, boolean refresh) {
        return ((WrittenCall.Written) node.sending(note, endpoint, at, refresh, ALL)).call();
    }

    long paid(Instant at) {
        return paid(claimed(ID), at);
    }

    long paid(Inquiry note, Instant at) {
        SentCall call = sent(calls, note, Endpoint.DETAIL, at, false);
        return calls.received(call, PAID, ANSWER, at, Duration.ZERO);
    }

    void unpaid(Instant at) {
        SentCall call = sent(ID, Endpoint.DETAIL, at, false);
        calls.received(call, new ProviderReply(301, 200, null, null, Billed.NO), null, at, Duration.ZERO);
    }

    void worklist(String state) {
        database.jdbc().sql("""
                        INSERT INTO worklist (note_id, state, due_at, enqueued_at)
                        VALUES (:id, :state, now(), now())
                        ON CONFLICT (note_id) DO UPDATE SET state = EXCLUDED.state
                        """).param("id", ID.value()).param("state", state).update();
    }
}
