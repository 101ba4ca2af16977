package figure

// Step is told how far a figure is: what is being done, and how many of how many pieces of
// it are done.
type Step func(what string, done, of int)

// What is done for a figure, in its order; not every figure needs every step.
const (
	StepLinking   = "linking"   // records are compared, and who is who is drawn
	StepMethods   = "methods"   // every method is fitted to every draw
	StepClasses   = "classes"   // latent classes are sampled; in hundredths of a draw
	StepPosterior = "posterior" // how likely each total is
	StepWithout   = "without"   // each list is left out in turn
	StepKeeping   = "keeping"
)
