package io.github.notearchive.job;

import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.springframework.test.context.junit.jupiter.SpringExtension;

/** Begins every test with nothing archived and a provider that does what it should. */
final class EmptyArchive implements BeforeEachCallback, AfterEachCallback {

    @Override
    public void beforeEach(ExtensionContext test) {
        night(test).begin();
    }

    @Override
    public void afterEach(ExtensionContext test) throws Exception {
        night(test).end();
    }

    private static Night night(ExtensionContext test) {
        return SpringExtension.getApplicationContext(test).getBean(Night.class);
    }
}
