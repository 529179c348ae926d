package io.github.notearchive.archive.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.ArchiveDatabase;
import io.github.notearchive.note.Night;
import java.time.Clock;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class QuotaHoldsTests {

    private static final Instant MIDNIGHT = new Night(LocalDate.of(2026, 3, 10)).ends();

    private final ArchiveDatabase database = ArchiveDatabase.emptied();

    @Test
    void holdIsRecordedOncePerRunAndNotAfterItsEnd() {
        QuotaHolds late = at(MIDNIGHT);
        late.close(303, "the quota", MIDNIGHT, 1);
        assertThat(late.current()).isEmpty();
        assertThat(rows()).isZero();

        QuotaHolds gate = at(MIDNIGHT.minusMillis(1));
        gate.close(303, "the quota", MIDNIGHT, 1);
        gate.close(303, "the quota", MIDNIGHT, 1);
        gate.close(303, "the quota", MIDNIGHT, 2);

        assertThat(gate.current().orElseThrow().until()).isEqualTo(MIDNIGHT);
        assertThat(rows()).isEqualTo(2);
        assertThat(late.current()).isEmpty();
    }

    private QuotaHolds at(Instant now) {
        return new QuotaHolds(database.jdbc(), Clock.fixed(now, ZoneOffset.UTC), database.transactions());
    }

    private long rows() {
        return database.count("SELECT count(*) FROM source_gate");
    }
}
