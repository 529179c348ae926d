package io.github.notearchive.maintenance.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.archive.catalog.Expected;
import io.github.notearchive.archive.catalog.Verdict;
import io.github.notearchive.embedded.DataDirectory;
import io.github.notearchive.embedded.EmbeddedStore;
import io.github.notearchive.io.Secret;
import io.github.notearchive.maintenance.verify.SelfTest.Probe;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoreProperties;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A test of the audit that fails when the audit is blind, and tidies up in any case. */
class SelfTestTests {

    @TempDir
    Path home;

    private DataDirectory directory;
    private ObjectStore store;

    @BeforeEach
    void start() throws Exception {
        directory = DataDirectory.open(home.toRealPath());
        EmbeddedStore server = EmbeddedStore.open(directory);
        store = new ObjectStore(new StoreProperties(
                server.endpoint().toString(),
                "bucket",
                "us-east-1",
                server.accessKey(),
                new Secret(server.secretKey()),
                true,
                Duration.ofSeconds(2),
                Duration.ofSeconds(10),
                1));
    }

    @AfterEach
    void stop() {
        store.close();
        directory.close();
    }

    @Test
    void distinguishesWorkingAndBlindChecksAndLeavesNoObject() {
        assertThatThrownBy(new SelfTest(store, new ObjectCheck(store))::run)
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("there is no such bucket");
        store.ensureBucket();

        List<Probe> probes = new SelfTest(store, new ObjectCheck(store)).run();
        assertThat(probes).hasSize(6).allMatch(Probe::found);
        assertThat(store.listAll("", null)).isEmpty();

        List<Probe> blind = new SelfTest(store, new BlindCheck(store)).run();
        assertThat(blind)
                .filteredOn(Probe::found)
                .singleElement()
                .satisfies(probe -> assertThat(probe.expected()).isNull());
        assertThat(store.listAll("", null)).isEmpty();

        assertThatThrownBy(new SelfTest(store, new BrokenCheck(store))::run).hasMessage("broken");
        assertThat(store.listAll("", null)).isEmpty();
    }

    /** Finds everything in order. */
    private static final class BlindCheck extends ObjectCheck {

        BlindCheck(ObjectStore store) {
            super(store);
        }

        @Override
        Optional<Verdict> check(Expected expected, BooleanSupplier ended) {
            return Optional.of(new Verdict(expected, null, 0));
        }
    }

    /** Fails for every object. */
    private static final class BrokenCheck extends ObjectCheck {

        BrokenCheck(ObjectStore store) {
            super(store);
        }

        @Override
        Optional<Verdict> check(Expected expected, BooleanSupplier ended) {
            throw new IllegalStateException("broken");
        }
    }
}
