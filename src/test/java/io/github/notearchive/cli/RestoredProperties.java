package io.github.notearchive.cli;

import java.util.Properties;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Restores the system properties after each test of a class, which must be isolated. */
public final class RestoredProperties implements BeforeEachCallback, AfterEachCallback {

    private Properties before = new Properties();

    @Override
    public void beforeEach(ExtensionContext context) {
        before = (Properties) System.getProperties().clone();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        System.setProperties(before);
    }
}
