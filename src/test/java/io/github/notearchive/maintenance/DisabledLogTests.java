package io.github.notearchive.maintenance;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.nightly.NightlyJobTest;
import io.github.notearchive.store.ObjectKey;
import org.junit.jupiter.api.Test;
import org.springframework.test.context.TestPropertySource;

/** A disabled log is not appended, but sidecars keep the salts of their entries. */
@NightlyJobTest
@TestPropertySource(properties = "archive.proof.enabled=false")
class DisabledLogTests extends MaintenanceScenario {

    @Test
    void aRewrittenSidecarKeepsItsSalt() {
        night.pending(1);
        assertThat(night.run().log()).isNull();
        ObjectKey key = new ObjectKey(text("SELECT sidecar_key FROM note_capture"));
        String salt = Sidecar.find(store, key).orElseThrow().logSalt();
        update("UPDATE log_entry SET position = 0");

        assertThat(salt).isNotNull();
        store.remove(key.value());
        assertEnded(audits.verify(REPAIR), ExitCode.FINDINGS);
        assertThat(Sidecar.find(store, key).orElseThrow().logSalt()).isEqualTo(salt);
        assertThat(count("log_entry")).isOne();
    }
}
