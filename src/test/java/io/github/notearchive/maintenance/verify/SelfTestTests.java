package io.github.notearchive.maintenance.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.notearchive.archive.catalog.Expected;
import io.github.notearchive.archive.catalog.Expected.Verdict;
import io.github.notearchive.embedded.DataDirectory;
import io.github.notearchive.embedded.EmbeddedStore;
import io.github.notearchive.maintenance.verify.SelfTest.Probe;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoreFixture;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
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
        store = StoreFixture.of(EmbeddedStore.open(directory), "bucket");
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

        List<Probe> blind = selfTest(expected -> new Verdict(expected, null, 0)).run();
        assertThat(blind)
                .filteredOn(Probe::found)
                .singleElement()
                .satisfies(probe -> assertThat(probe.expected()).isNull());
        assertThat(store.listAll("", null)).isEmpty();

        assertThatThrownBy(selfTest(_ -> {
                    throw new IllegalStateException("broken");
                })::run)
                .hasMessage("broken");
        assertThat(store.listAll("", null)).isEmpty();
    }

    /** A test whose checks return this verdict. */
    private SelfTest selfTest(Function<Expected, Verdict> verdict) {
        return new SelfTest(store, new ObjectCheck(store) {
            @Override
            Optional<Verdict> check(Expected expected, BooleanSupplier ended) {
                return Optional.of(verdict.apply(expected));
            }
        });
    }
}
