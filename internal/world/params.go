package world

// The parameters SP01 to SP60 of the domain's table, as the generator uses them. Their
// sources and status marks are in facts/synthetic_parameters.csv; a test checks that
// every code is named in this package and that the shares of each list sum to one.

// era of a year (SP08, SP19, SP25-28): A to November 2004, B to 2013, C to 2019, D after.
type era int

const (
	eraA era = iota
	eraB
	eraC
	eraD
)

func eraOf(year int) era {
	switch {
	case year <= 2004:
		return eraA
	case year <= 2013:
		return eraB
	case year <= 2019:
		return eraC
	}
	return eraD
}

var (
	womenByYear = [][2]float64{{1998, .50}, {2002, .56}, {2003, .63}, {2004, .67}, {2006, .75}, {2008, .78}, {2011, .70}, {2019, .81}} // SP02
	ageBands    = weighted{{"0", .05}, {"10", .12}, {"20", .27}, {"30", .32}, {"40", .15}, {"50", .05}, {"60", .04}}                   // SP03
	origins     = weighted{{"KP/North Hamgyong", .62}, {"KP/Ryanggang", .16}, {"KP/South Hamgyong", .09}, {"KP/North Pyongan", .03},
		{"KP/South Pyongan", .03}, {"KP/Pyongyang", .02}, {"KP", .05}} // SP04
	motives  = weighted{{"food", .567}, {"freedom", .27}, {"fear", .08}, {"family", .083}}                                                 // SP05
	crossing = weighted{{"KP-ONS", .30}, {"KP-HOE", .22}, {"KP-MUS", .20}, {"KP-HYE", .14}, {"KP-SAE", .06}, {"KP-SIN", .05}, {"KP", .03}} // SP06

	hidingMedian, hidingSigma = 14.0, 1.2                        // SP07, months
	arrestHazard              = [...]float64{.22, .16, .12, .20} // SP08, a year
	traffickedShare           = .50                              // SP09, scenario S
	traffickedType            = [...]weighted{                   // SP10
		{{"HH01", .80}, {"HH02", .15}, {"HH04", .05}}, {{"HH01", .60}, {"HH02", .30}, {"HH03", .05}, {"HH04", .05}},
		{{"HH01", .30}, {"HH02", .50}, {"HH03", .15}, {"HH04", .05}}, {{"HH01", .30}, {"HH02", .50}, {"HH03", .15}, {"HH04", .05}},
	}
	priceMedian, priceSigma              = 3000.0, .8                                                       // SP11, CNY, clipped to 400-10,000
	traffickedAges                       = weighted{{"10", .166}, {"20", .413}, {"30", .216}, {"40", .205}} // SP12
	workShare, withheldShare, reportTold = .60, .35, .30                                                    // SP13
	extortionShare                       = .20                                                              // SP14
	childrenMean                         = .45                                                              // SP15
	timesReturned                        = weighted{{"1", .68}, {"2", .20}, {"3", .08}, {"4", .04}}         // SP16
	corridorCounts                       = []struct {
		place string
		n     float64
	}{{"KP-ONS", 15}, {"KP-SIN", 7}, {"KP-MUS", 7}, {"KP-HOE", 2}, {"KP-HYE", 2}, {"KP", 1}} // SP17: counts plus one
	custodyMedian, custodySigma, longCustody = 10.0, .9, .03 // SP18

	ssdEconomic, ssdPolitical, ssdSigma = 15.0, 45.0, .8 // SP19, days
	ssdEraD, ssdEraDSigma               = 80.0, .3
	holdMedian, holdSigma, holdOutlier  = 45.0, .9, .02 // SP20; SP21 is the mean that follows
	askedSouth, askedChurch, askedRoute = .95, .90, .95 // SP22

	trackBase, trackSouth, trackChurch, trackOfficial, trackCap = .08, .55, .50, .30, .97             // SP23
	riskShares                                                  = [5]float64{.20, .25, .04, .03, .12} // SP24: RF01-RF05

	dispositionEconomic = [...]weighted{
		{{"OC-R01", .35}, {"OC-R02", .08}, {"OC-R03", .47}, {"OC-R04", .06}, {"died", .03}, {"unknown", .01}}, // SP25: era A
		{{"OC-R01", .20}, {"OC-R02", .10}, {"OC-R03", .50}, {"OC-R04", .16}, {"died", .03}, {"unknown", .01}}, // SP26: era B, first time
		{{"OC-R01", .07}, {"OC-R02", .08}, {"OC-R03", .20}, {"OC-R04", .58}, {"died", .05}, {"unknown", .02}}, // SP28: era C
		{{"OC-R01", .07}, {"OC-R02", .08}, {"OC-R03", .20}, {"OC-R04", .58}, {"died", .05}, {"unknown", .02}}, // SP28: era D
	}
	dispositionAgain     = weighted{{"OC-R01", .05}, {"OC-R02", .08}, {"OC-R03", .22}, {"OC-R04", .58}, {"died", .05}, {"unknown", .02}}                                   // SP27
	dispositionPolitical = weighted{{"OC-R01", .02}, {"OC-R02", .05}, {"OC-R03", .06}, {"OC-R04", .42}, {"camp", .25}, {"executed", .05}, {"died", .08}, {"unknown", .07}} // SP29
	labourDays           = [3]float64{15, 180, 90}                                                                                                                         // SP30; mode 180 in era B
	prisonYears          = [3]float64{1, 5, 3}                                                                                                                             // SP31; 3-10, mode 5, after an attempt to go South
	campReleased         = .02                                                                                                                                             // SP32: a camp has no end; this share is ever seen again

	beating, starvation, posture, labour = .80, .90, .70, .80 // SP33, SP34, SP35, SP37
	searchWomen, searchMen               = .85, .35           // SP36
	sexualTrue, sexualTold               = .12, .50           // SP38
	pregnant, forcedAbortion             = .06, .55           // SP39
	sawDeath, sawExecution               = .25, .51           // SP40, SP41

	listOdds       = [3]float64{.06, .04, .02}                                                                                 // SP42: church, relief, legal
	listDependence = .8                                                                                                        // SP42: log-odds between lists 1 and 2
	interviewed    = .55                                                                                                       // SP43: share of those who can be heard that are
	firstHand      = .854                                                                                                      // SP44
	channels       = weighted{{"interview", .883}, {"memoir", .057}, {"news", .038}, {"questionnaire", .014}, {"other", .008}} // SP45

	recallMedian, recallSigma = 5.0, .7                                                                // SP46, years
	precisionSoon             = weighted{{"day", .45}, {"month", .40}, {"season", .10}, {"year", .05}} // SP47
	precisionLate             = weighted{{"day", .15}, {"month", .45}, {"season", .20}, {"year", .20}}
	durationError             = .20                                                               // SP48
	heaps                     = []float64{7, 10, 15, 30, 60, 90, 180, 365}                        // SP48
	spelling                  = weighted{{"hangul", .45}, {"latin", .45}, {"hanja", .10}}         // what an organisation writes down; not in the table
	latinSystems              = weighted{{"rr", .35}, {"mr", .20}, {"north", .25}, {"free", .20}} // SP49
	aliasShare                = .30                                                               // SP49
	duplicateShare            = .22                                                               // SP50; of these .30 with a changed year, .15 with a changed place
	changedYear, changedPlace = .30, .15
	heardAgain                = .08      // share heard twice by one organisation, on one record; not in the table
	linkedShare               = .15      // of the duplicates, those a reviewer has linked already; not in the table
	copiedShare, wrongShare   = .06, .03 // SP51, SP52

	consentProfiles = weighted{{"named", .05}, {"pseudonymous", .20}, {"un", .40}, {"internal", .30}, {"withdrawn", .05}} // SP53
	withdrawnLater  = .02                                                                                                 // SP54

	// SP55-SP57 describe the mix of a whole archive. Each first-hand account of return
	// also gives one event drawn from them, so that an archive of any size shows it.
	archiveMix    = weighted{{"dignity", .603}, {"movement", .132}, {"life", .106}, {"suspects", .047}, {"belief", .005}, {"other", .107}}
	archiveWithin = weighted{{"MT04.1", .612}, {"MT02.1", .132}, {"MT05", .085}, {"MT04.2", .078}, {"MT03.1", .093}}
	archivePlaces = weighted{{"FT-SSD-K", .307}, {"FT-KWL", .105}, {"FT-CN-BD", .091}, {"FT-RDD", .084}, {"FT-JKS", .077}, {"FT-KHS", .065}, {"", .271}}
	// SP58 (women among the returned, .745) is a check and not an input: see the tests.
	canaries     = 500                                      // SP59
	replyShare   = map[string]float64{"CN": .55, "KP": .05} // SP60
	communicated = .25                                      // of the returned who allow it; not in the table
)
