package io.github.notearchive.job;

import io.github.notearchive.cli.WholeProgram;
import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.context.ContextConfiguration;

/**
 * The real job on a real, emptied PostgreSQL and S3 store, against the sandbox's provider over real sockets.
 * {@link Night} is its fixture.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@SpringBootTest(
        classes = {WholeProgram.class, Night.class},
        webEnvironment = SpringBootTest.WebEnvironment.NONE)
@ContextConfiguration(initializers = NightSettings.class)
@ExtendWith(EmptyArchive.class)
@ResourceLock("nights")
@Execution(ExecutionMode.CONCURRENT) // the class, not its methods
@Timeout(60)
@interface ArchiveJobTest {}
