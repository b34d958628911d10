package nodecerts_test
const verifyVariable = "NODECERTS_TEST_VERIFY"
func verifyChild(string) int { return 0 }
