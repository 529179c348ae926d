package io.github.notearchive.archive.worklist;

import io.github.notearchive.archive.ledger.LedgerProperties;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.Night;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.Map;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Finds notes with a response in the ledger that a run would use instead of a call. */
@Repository
public class UsableResponses {

    /** Query of the ids of these notes; takes {@link #parameters}. */
    public static final String NOTES = """
            SELECT DISTINCT c.note_id FROM api_call c
            WHERE c.response IS NOT NULL AND c.received_at >= :since AND c.code = 0 AND c.endpoint = :detail
              AND (c.media_gone_at IS NULL OR c.received_at >= :begins OR NOT :buyAgain)\
            """;

    private final JdbcClient jdbc;
    private final LedgerProperties ledger;

    UsableResponses(JdbcClient jdbc, LedgerProperties ledger) {
        this.jdbc = jdbc;
        this.ledger = ledger;
    }

    /** Returns the parameters of {@link #NOTES} at a time. */
    public Map<String, Object> parameters(Instant now) {
        return Map.of(
                "since", Timestamp.from(now.minus(ledger.reuseFor())),
                "detail", Endpoint.DETAIL.ledgerName(),
                "begins", Timestamp.from(Night.of(now).begins()),
                "buyAgain", ledger.buyAgain());
    }

    /** Marks due notes with a usable response, so that they are claimed first and by runs without calls. Idempotent. */
    public void markHeld(Instant now) {
        jdbc.sql("""
                        UPDATE worklist w SET response_held = true
                        WHERE w.note_id = ANY (ARRAY(%s)) AND w.due_at <= :now AND NOT w.response_held
                          AND w.state IN ('PENDING', 'POSTPONED', 'UNAVAILABLE') AND w.missing_night IS NULL
                          AND w.claim_id IS NULL
                        """.formatted(NOTES))
                .param("now", Timestamp.from(now))
                .params(parameters(now))
                .update();
    }
}
