package repair

func (p *planner) misplaced(_ *wanted) error { return errShape }
